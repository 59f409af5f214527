"""Every text in both languages, with the same values, and used by a template or a module."""

import re
from string import Formatter

import pytest
from starlette.requests import Request

from r1tailor.serving.feedback.log import SAID
from r1tailor.serving.feedback.review import STATUSES
from r1tailor.serving.study.votes import CHOICES, REASONS
from r1tailor.serving.texts import TEXTS, Texts, texts_for
from tests.conftest import ROOT

SERVING = ROOT / "src" / "r1tailor" / "serving"
SOURCES = "\n".join(file.read_text("utf-8") for file in [*SERVING.rglob("*.j2"), *SERVING.rglob("*.py")])


def _request(query: str, accept: str = "") -> Request:
    headers = [(b"accept-language", accept.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers, "path": "/"})


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_is_there_in_both_languages_with_the_same_values(key: str) -> None:
    english, chinese = TEXTS[key]
    values = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, chinese)]
    assert values[0] == values[1]
    assert re.search("[\u4e00-\u9fff]", chinese) or key == "other_language"


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    used = set(re.findall(r'\bt\("([a-z_]+)"', SOURCES)) | set(re.findall(r'alert(?:="|"?: "| = ")([a-z_]+)"', SOURCES))
    built = {
        **{f"choice_{one}": 1 for one in CHOICES},
        **{f"reason_{one}": 1 for one in REASONS},
        **{f"said_{one}": 1 for one in SAID},
        **{f"status_{one}": 1 for one in STATUSES},
        **{f"thumb_{one}": 1 for one in ("up", "down", "")},
    }
    literal = {key for key in used if not key.endswith("_")} | set(built)
    assert literal - set(TEXTS) == set()
    quoted = {key for key in TEXTS if f'"{key}"' in SOURCES.replace(_table(), "")} | set(built)
    assert set(TEXTS) - quoted == set()


def _table() -> str:
    text = (SERVING / "texts.py").read_text("utf-8")
    return text[text.index("TEXTS:") : text.index("@dataclass")]


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("lang=zh", "en", "zh"),
        ("lang=xx", "", "en"),
        ("", "fr;q=0.9, zh-CN;q=0.8, en", "zh"),
        ("", "en-GB,zh", "en"),
        ("lang=<script>", "<script>", "en"),
    ],
)
def test_a_request_gets_the_language_it_asks_for(query: str, accept: str, language: str) -> None:
    assert texts_for(_request(query, accept), "en").language == language


def test_the_default_is_that_of_the_domain() -> None:
    assert texts_for(_request(""), "zh").language == "zh"
    assert Texts("zh").other == "en"
