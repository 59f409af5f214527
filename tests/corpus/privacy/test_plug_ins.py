"""Finders that installed packages bring."""

import re
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from r1tailor.corpus.privacy import Deidentifier, Finding, plug_ins
from r1tailor.corpus.privacy.plug_ins import plugged_in
from r1tailor.errors import ConfigError, DataError
from r1tailor.schema.corpus import Privacy


def find(text: str) -> Iterator[Finding]:
    """A finder as a package would bring it: ward names."""
    for match in re.finditer(r"ward [a-z]+", text):
        yield Finding("code", *match.span())


def beyond(text: str) -> list[Finding]:
    return [Finding("code", 0, len(text) + 1)]


NO_FUNCTION = 3


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint(name, f"{__name__}:{place}", plug_ins.GROUP)
        for name, place in (("wards", "find"), ("beyond", "beyond"), ("number", "NO_FUNCTION"), ("gone", "nothing"))
    ]

    def entry_points(group: str, **wanted: Any) -> list[EntryPoint]:  # noqa: ANN401
        return [point for point in points if point.group == group and wanted.get("name", point.name) == point.name]

    monkeypatch.setattr(plug_ins, "entry_points", entry_points)


def _privacy(*finders: str) -> Privacy:
    return Privacy(kinds={"code": "redact", "name": "redact"}, finders=finders)


def test_an_installed_finder_finds_next_to_our_own() -> None:
    text, _ = Deidentifier(_privacy("wards"), None).apply("Dr. Okafor left ward heron", "")
    assert text == "Dr. [NAME] left [CODE]"
    assert Deidentifier(_privacy(), None).apply("left ward heron", "")[0] == "left ward heron"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("presidio", "no installed package brings it; installed are beyond, gone, number, wards"),
        ("ward", "Did you mean wards?"),
        ("number", "is no function"),
        ("gone", "cannot be imported"),
    ],
)
def test_what_is_not_installed_is_refused_by_name(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"domain.cleaning.privacy.finders = {name}") as refusal:
        plugged_in([name])
    assert said in str(refusal.value)


def test_a_finding_beyond_the_text_is_refused_without_quoting_it() -> None:
    with pytest.raises(DataError, match="beyond returned something that is no Finding within the text") as refusal:
        Deidentifier(_privacy("beyond"), None).apply("Roe", "")
    assert "Roe" not in str(refusal.value)
