"""``r1tailor fetch``: every pinned source of every domain is brought into the project."""

from pathlib import Path
from typing import Any

import pytest

from r1tailor import config, sources
from r1tailor.__main__ import main


def test_every_pinned_source_is_brought_into_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[tuple[list[str], Path]] = []

    def fetch_all(pinned: list[Any], root: Path) -> None:
        fetched.append(([source.name for source in pinned], root))

    monkeypatch.setattr(sources, "fetch_all", fetch_all)
    main(["fetch"])
    ((names, root),) = fetched
    assert {"icd10cm", "sp500"} <= set(names)
    assert len(set(names)) == len(names)
    assert root == config.ROOT


def test_an_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fetch", "domain=medical"])
    assert ended.value.code == 2
    assert "unrecognized arguments: domain=medical" in capsys.readouterr().err
