"""Sources: settings that cannot be meant are refused."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.schema.settings import Settings
from r1tailor.schema.sources import GeneratedSource, PackagedSource
from tests.support.refusals import MEDICAL, faults_of
from tests.support.source_cases import Case
from tests.support.table_cases import ROOM

HEXADECIMAL = "must match pattern '^[0-9a-f]{64}$'"

REFUSED: list[tuple[str, list[str]]] = [
    (
        "domain.sources.0.pakage=x",
        [f"domain.sources.0.pakage is not a setting of {MEDICAL}. Did you mean domain.sources.0.package?"],
    ),
    ("domain.sources.0.sha256=abc", [f"domain.sources.0.sha256 = 'abc': {HEXADECIMAL} ({MEDICAL})"]),
]


@pytest.mark.parametrize(("line", "faults"), REFUSED, ids=[line for line, _ in REFUSED])
def test_a_setting_is_refused_with_every_fault(line: str, faults: list[str]) -> None:
    assert faults_of(line) == faults


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "\r"])
def test_what_cannot_divide_cells_is_no_delimiter(delimiter: str) -> None:
    with pytest.raises(ValidationError, match="must be one character, and no quote or line end"):
        Case("", {"kind": "table", "path": "x", "columns": ROOM, "separator": delimiter}, lambda *_: None).source()


def test_a_misspelt_setting_of_the_columns_is_named(settings: Callable[..., Settings]) -> None:
    table = (
        "{kind: table, name: mine, path: x.csv, licence: own, available_at: '2020-01-01', on_damage: stop, columns: {}}"
    )
    with pytest.raises(
        ConfigError, match=r"domain\.sources\.0\.columns\.idd is not a setting of .* Did you mean .*\.id\?"
    ):
        settings(f"domain.sources=[{table.replace('{}', '{text: note, idd: id}')}]")


def test_figures_are_described_where_there_are_any() -> None:
    (found,) = config.load([]).domain.sources
    pinned = found.model_dump(mode="json")
    for changes in ({"reader": "bars"}, {"bars": {"values": "price", "period": "day", "lag_days": 0}}):
        with pytest.raises(ValidationError, match="belongs to reader: bars, which needs it"):
            PackagedSource.model_validate(pinned | changes)
    assert PackagedSource.model_validate(pinned).provenance().keys() >= {"package", "version", "wheel_sha256", "member"}


def test_a_question_is_made_once() -> None:
    facts = {"kind": "generated", "name": "made", "licence": "own", "available_at": "2020-01-01", "on_damage": "stop"}
    tasks = [{"name": "sums", "levels": [0, 1], "size": 5}, {"name": "sums", "levels": [1], "size": 5}]
    made = {**facts, "version": "0.1.0", "seed": 1}
    assert GeneratedSource.model_validate(made | {"tasks": tasks[:1]}).tasks[0].levels == (0, 1)
    with pytest.raises(ValidationError, match="may stand in tasks only once"):
        GeneratedSource.model_validate(made | {"tasks": tasks})
