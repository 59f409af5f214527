"""The language of the report."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.schema.report import Report


def test_the_page_follows_the_domain_unless_a_language_is_chosen() -> None:
    assert config.load([]).report == Report(language="auto") == Report()
    assert config.load(["report.language=zh"]).report.language == "zh"


def test_another_language_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"report\.language = 'fr': must be one of en, zh, auto"):
        config.load(["report.language=fr"])
