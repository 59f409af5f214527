"""The schemes that ship, and what a scheme may not say."""

import pytest

from r1tailor.annotation.schemes import SHIPPED, opened
from r1tailor.schema.annotation import ShippedScheme


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_scheme_makes_triples_and_defines_every_label(name: str) -> None:
    scheme = opened(ShippedScheme(kind="shipped", name=name))  # type: ignore[arg-type]
    assert len(scheme.spans) == 3
    assert len(scheme.relations) == 2
    assert all(label.definition for label in (*scheme.spans, *scheme.relations))
    assert opened(scheme) is scheme
