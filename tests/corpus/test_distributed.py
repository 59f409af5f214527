"""The corpus engine under Ray Data."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor.corpus import engine
from r1tailor.corpus.engine import Report
from r1tailor.document_files import read_documents, write_documents
from r1tailor.errors import ConfigError
from tests.conftest import ROOT
from tests.corpus.test_engine import SECRET, Compose, _documents
from tests.support.commands import Done

# Both engines over the real terms in one process, for Ray takes seconds to start; then a chain that breaks down.
BOTH = f"""
import sys
from functools import partial
from pathlib import Path
import ray
from r1tailor import config, store
from r1tailor.corpus import chain, engine
from r1tailor.document_files import write_documents
from r1tailor.errors import TailorError

ray.init(include_dashboard=False, log_to_driver=False, num_cpus=2)
folder = Path(sys.argv[1])
for name in ("local", "ray"):
    settings = config.load([f"corpus.engine={{name}}", "corpus.batch_size=64"])
    report = engine.Report(settings.domain.cleaning.rules)
    steps = partial(chain, settings.domain.cleaning, config.ROOT)
    done = engine.run(folder / "raw.parquet", steps, settings.corpus, report)
    write_documents(folder / f"{{name}}.parquet", done)
    store.write_json(folder / f"{{name}}.json", report.as_dict())

    def breaks(document):
        if document.id == "d700":
            raise KeyError("{SECRET}")
        return document, []

    try:
        list(engine.run(folder / "raw.parquet", lambda: [breaks], settings.corpus, report))
    except TailorError as refusal:
        print(type(refusal).__name__, refusal)
"""


@pytest.mark.slow
def test_ray_gives_the_bytes_of_this_process(tmp_path: Path, run_command: Callable[..., Done]) -> None:
    lines = (ROOT / "tests" / "data" / "passages.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    odd = ["", " \t", "  “HbA1c<7.0%”  ", "10⁹\u200b m²", "血压：１２０／８０，无发热。\u2028"]
    write_documents(tmp_path / "raw.parquet", _documents([*odd, *texts] * 8))
    done = run_command("-c", BOTH, str(tmp_path))
    assert done.code == 0, done.err
    for suffix in ("parquet", "json"):
        assert (tmp_path / f"ray.{suffix}").read_bytes() == (tmp_path / f"local.{suffix}").read_bytes()
    report = json.loads((tmp_path / "ray.json").read_text("utf-8"))
    assert (report["documents"], len(report["emptied"])) == (1640, 8)
    assert report["changed"]["straighten_quotes"] == 1640
    assert len(list(read_documents(tmp_path / "ray.parquet"))) == 1632
    failures = [line.partition(", at ")[0] for line in done.out.splitlines()]
    assert failures == ["TailorError document d700: a step broke down with KeyError"] * 2


def test_ray_that_is_not_installed_is_asked_for(
    tmp_path: Path, settings: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_documents(tmp_path / "raw.parquet", _documents(["a"]))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError) as refusal:
        list(engine.run(tmp_path / "raw.parquet", list, settings("corpus.engine=ray").corpus, Report()))
    assert refusal.value.faults == ['corpus.engine = ray: Ray is not installed; pip install "r1-tailor[ray]"']
