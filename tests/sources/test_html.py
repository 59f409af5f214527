"""HTML: what a reader would read is kept, in its lines, with raised and lowered signs apart."""

import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1tailor.sources.html import page

PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=150)


def texts(markup: str) -> list[str]:
    return [block.text for block in page(markup)[1]]


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ("<p>one<p>two <b>bold</b>\n  words", ["one", "two bold words"]),
        ("loose<div>a<span>b</span></div>tail", ["loose", "ab", "tail"]),
        ("a<br>b<br/> c", ["a\nb\nc"]),
        ("<script>x</script>a<style>p{}</style>b<noscript>n</noscript>c<nav>m</nav>d", ["abc", "d"]),
        ("<ul><li>one<li>two<ol><li>three</ol></ul>", ["one", "two", "three"]),
        ("<table><tr><th>Drug<th>Dose<tr><td>A<td>5 mg</table>", ["Drug | Dose", "A | 5 mg"]),
        ("<table><tr><td><p>A</p></td><td></td><td>5&nbsp;mg</td></tr></table>", ["A | | 5\xa0mg"]),
        ("<table><tr><td>menu<td><h1>Fever</h1><p>hot</table>", ["menu", "Fever", "hot"]),
        ("<pre>a\n  b  c\n</pre>d", ["a\n  b  c", "d"]),
        ("<!-- no -->a<?php no ?>b", ["ab"]),
        ("&lt;5 &amp; &ge;3 &#x1F600;", ["<5 & ≥3 😀"]),
        ("<?xml version='1.0' encoding='gb2312'?><html><body><p>血压</p></body></html>", ["血压"]),
        ("<select><option>one<option>two</select>", ["one", "two"]),
        ("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><p>a&e;b", ["]>", "a&e;b"]),
    ],
)
def test_what_a_reader_would_read_is_kept(markup: str, kept: list[str]) -> None:
    assert texts(markup) == kept


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ("10<sup>9</sup>/L", "10⁹/L"),
        ("m<sup>2</sup>", "m²"),
        ("10<sup>-3</sup>", "10⁻³"),
        ("Ca<sup>2+</sup>, Na<sup>+</sup>", "Ca²⁺, Na⁺"),
        ("x<sup>n</sup>, 2<sup>-x</sup>, 5<sup>a</sup>", "xⁿ, 2^(-x), 5^(a)"),
        ("H<sub>2</sub>O, T<sub>max</sub>, x<sub>2a</sub>", "H₂O, Tmax, x_(2a)"),
        ("1<sup>st</sup>, 38<sup>o</sup>C, Name<sup>TM</sup>", "1st, 38oC, NameTM"),
        ("seen.<sup>[12]</sup> Later<sup><a href='#'>3</a>*</sup>", "seen.[¹²] Later³*"),
    ],
)
def test_raised_and_lowered_signs_stay_apart_from_the_number_before(markup: str, kept: str) -> None:
    assert texts(markup) == [kept]


@PROPERTY
@given(st.text("0123456789+-").filter(bool), st.sampled_from(["sup", "sub"]))
def test_no_raised_or_lowered_digit_becomes_a_plain_one(digits: str, tag: str) -> None:
    (text,) = texts(f"10<{tag}>{digits}</{tag}>")
    assert text.startswith("10")
    assert not any(sign in "0123456789" for sign in text[2:])
    assert len(text) == 2 + len(digits)


@PROPERTY
@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z"))).filter(bool), min_size=1))
def test_a_paragraph_of_any_signs_comes_back(words: list[str]) -> None:
    text = " ".join(words)
    assert texts(f"<p>{html.escape(text)}</p>") == [text]
