"""Chinese names among the words that jieba cuts a text into: what is one, what is none, and how jieba is loaded."""

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.corpus.privacy import people_tagged_zh, tagger_zh


@settings(deadline=None, derandomize=True, database=None, max_examples=60)
@given(st.text(st.sampled_from("王泽楷陆思懿于之遥黄疸高血压在服刑的今日患者欧阳霁月"), min_size=1, max_size=30))
def test_the_tagger_keeps_every_character(run: str) -> None:
    found = tagger_zh.tokens(run)
    assert "".join(token.word for token in found) == run
    assert all(run[token.start : token.end] == token.word for token in found)
    assert all(0 <= start < end <= len(run) for start, end in people_tagged_zh.spans(run))


def test_a_run_without_end_is_cut_in_pieces() -> None:
    found = tagger_zh.tokens("王泽楷" * 200)
    assert found[-1].end == 600


_PROBE = """
import sys
from r1tailor.corpus.privacy import find
find("Seen by Dr. Okonkwo, HbA1c<7.0%, 38.5 ℃")
assert "jieba" not in sys.modules
found = find("罪犯王泽楷在服刑。")
assert "jieba" in sys.modules and len(found) == 1
"""


def test_it_is_loaded_late_silently_and_without_a_cache(tmp_path: Path) -> None:
    (tmp_path / "jieba.cache").write_bytes(planted := b"planted")
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", _PROBE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["jieba.cache"]
    assert (tmp_path / "jieba.cache").read_bytes() == planted
