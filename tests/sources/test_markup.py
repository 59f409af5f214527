"""Markup that carries meaning (powers, tables, lists) is written out, and nothing becomes another number."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from r1tailor.sources.markup import lines, plain


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("10<sup>−9</sup> mol", "10⁻⁹ mol"),
        ("Ca<sup>2+</sup> and SO<sub>4</sub>", "Ca²⁺ and SO₄"),
        ("2<sup>x</sup> or 2<sup>ab</sup>", "2^x or 2^(ab)"),
        ("the 1<sup>st</sup> and 2<sup>nd</sup>", "the 1st and 2nd"),
        ("<tex-math>\\documentclass{minimal}\\begin{document}$x^2$\\end{document}</tex-math>", "$x^2$"),
        ("C<sub>max</sub>", "Cmax"),
        ("word<sup><xref ref-type='bibr'>3</xref>,<xref ref-type='bibr'>4</xref></sup>", "word[3,4]"),
        ("<alternatives><tex-math>\\frac12</tex-math><mml:math xmlns:mml='m'>12</mml:math></alternatives>", "\\frac12"),
        ("<alternatives><graphic/></alternatives>", "[formula]"),
        ("a\u00a0b&lt;5 &#x2265; 3", "a\u00a0b<5 ≥ 3"),
    ],
)
def test_markup_that_carries_meaning_is_written_out(marked: str, text: str) -> None:
    assert plain(etree.fromstring(f"<p>{marked}</p>")) == text


def test_a_name_that_no_xml_allows_is_a_name() -> None:
    """HTML's parser lets such names through; a message of etree.QName would quote the material."""
    parser = etree.HTMLParser()
    assert lines(etree.fromstring("<p>a</p><p(x:y<z>b</p(x:y<z>", parser)) == ["a", "b"]


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs")), min_size=1)


@settings(deadline=None, derandomize=True, database=None, max_examples=200)
@given(st.lists(st.lists(_TEXT, min_size=1, max_size=4), min_size=1, max_size=4))
def test_every_cell_of_a_table_stays_apart_in_its_row(table: list[list[str]]) -> None:
    root = etree.Element("sec")
    for cells in table:
        row = etree.SubElement(root, "tr")
        for cell in cells:
            etree.SubElement(row, "td").text = cell
    assert lines(root) == [" | ".join(cells) for cells in table]


@settings(deadline=None, derandomize=True, database=None, max_examples=200)
@given(st.integers(0, 999), st.integers(-99, 99))
def test_a_power_never_becomes_another_number(base: int, power: int) -> None:
    text = plain(etree.fromstring(f"<p>{base}<sup>{power}</sup></p>"))
    assert text.startswith(str(base))
    assert int(text[len(str(base)) :].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))) == power
    assert not text[len(str(base)) :].isascii()
