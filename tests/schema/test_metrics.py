"""A metric is a name, or a mapping with settings."""

import pytest
from pydantic import TypeAdapter, ValidationError

from r1tailor.schema.metrics import ListMetric, NamedMetric, NumberMetric, PlainMetric

_METRIC: TypeAdapter[NamedMetric] = TypeAdapter(NamedMetric)


def test_a_name_alone_takes_the_metrics_own_settings() -> None:
    assert _METRIC.validate_python("number") == NumberMetric(name="number", tolerance=0.0, relative=1e-6)
    assert _METRIC.validate_python("exact") == PlainMetric(name="exact")
    assert _METRIC.validate_python({"name": "list_f1", "separators": "|"}) == ListMetric(name="list_f1", separators="|")


def test_a_metric_goes_by_its_own_name_or_the_one_it_is_given() -> None:
    assert _METRIC.validate_python("chrf").key == "chrf"
    assert _METRIC.validate_python({"name": "chrf", "called": "likeness"}).key == "likeness"


@pytest.mark.parametrize(
    "wrong", ["accuracy", {"name": "exact", "tolerance": 1}, {"name": "number", "tolerance": -1}, 3]
)
def test_anything_else_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        _METRIC.validate_python(wrong)
