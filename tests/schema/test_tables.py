"""What a table's settings may be."""

from typing import Any

import pytest
from pydantic import ValidationError

from r1tailor.domain.generic import GenericDomain
from r1tailor.schema.corpus import Privacy
from r1tailor.schema.tables import Columns, TableSource
from tests.support.source_cases import Case

THRESHOLD = next(name for name, field in Privacy.model_fields.items() if field.annotation is float)


def _source(**changes: Any) -> TableSource:  # noqa: ANN401
    found = Case("", {"kind": "table", "path": "x"} | changes, lambda *_: None).source()
    assert isinstance(found, TableSource)
    return found


def test_a_part_takes_one_column_or_a_list() -> None:
    columns = Columns.model_validate({"input": ["a", "b"], "output": "c", "available_at": "d"})
    assert [columns.named(part) for part in ("input", "output", "date", "group")] == [("a", "b"), ("c",), ("d",), ()]


@pytest.mark.parametrize(("earlier", "now"), [(None, "auto"), (";", ";")])
def test_the_earlier_name_of_the_separator_is_read(earlier: str | None, now: str) -> None:
    assert _source(delimiter=earlier).separator == now


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": {"input": "a", "text": "b"}},
        {"columns": {"date": "a", "available_at": "b"}},
        {"columns": {"input": []}},
        {"columns": {"optional": ["id"]}},
        {"dates": "%m/%d"},
        {"dates": "%Q"},
        {"decimal": ",", "thousands": ","},
        {"encoding": "utf-9"},
        {"encoding": "unicode_escape"},
        {"encoding": "hex"},
        {"lists": ""},
    ],
)
def test_what_a_table_cannot_be_told(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _source(**changes)


@pytest.mark.parametrize("encoding", ["auto", "utf-8", "cp1252", "gb18030", "shift_jis", "utf-16"])
def test_encodings_are_codecs(encoding: str) -> None:
    assert _source(encoding=encoding).encoding == encoding


def test_under_privacy_the_columns_that_are_kept_are_listed() -> None:
    source = {"kind": "table", "name": "visits", "path": "x", "licence": "own", "available_at": "2024-01-01"}
    privacy = {"kinds": {"name": "redact"}, "key_variable": "KEY", THRESHOLD: 0.0}
    domain = {
        **{"kind": "generic", "name": "triage", "title": "", "language": "en", "compliance": "none", "goals": []},
        "cleaning": {"rules": [], "privacy": privacy},
        "annotation": None,
        "task": {"instruction": "", "response": "{output}", "reasoning": False, "labels": None},
        "split": {"validation": 0.1, "test": 0.1, "similarity": 0.8},
    }
    for columns, fits in (({}, False), ({"fields": []}, True), ({"fields": ["ward"]}, True)):
        sources = [source | {"on_damage": "stop", "columns": columns}]
        if fits:
            GenericDomain.model_validate(domain | {"sources": sources})
        else:
            with pytest.raises(ValidationError, match=r"columns\.fields of each table.*missing in visits"):
                GenericDomain.model_validate(domain | {"sources": sources})
