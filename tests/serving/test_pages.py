"""Pages escape every value, and what a template needs must be given."""

import pytest
from jinja2 import UndefinedError

from r1tailor.serving.pages import render


def test_values_are_escaped() -> None:
    page = render("login.html.j2", next="\"'><script>alert(1)</script>", failed=True).body
    assert b"<script>" not in page
    assert b"&lt;script&gt;" in page


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("login.html.j2", failed=False)
