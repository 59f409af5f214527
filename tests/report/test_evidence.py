"""The record of evidence: enough cells come from artefacts, the others are left to people, nothing is markup."""

import re

import pytest

from r1tailor.report.evidence import as_markdown, cell_text, filled, record
from r1tailor.report.texts import Texts
from tests.support.finished import finished

LEAST, LEAST_BARE = 32, 25  # cells from artefacts: with everything measured, and of a plain run


@pytest.mark.parametrize(("bare", "least"), [(False, LEAST), (True, LEAST_BARE)])
def test_enough_cells_come_from_artefacts(bare: bool, least: int) -> None:
    of_artefacts, every = filled(record(finished(bare=bare), Texts("en")))
    assert every >= 45
    assert of_artefacts >= least


def test_every_cell_says_where_it_is_asked_for() -> None:
    cells = [cell for _, members in record(finished(), Texts("en")) for cell in members]
    assert [cell.item for cell in cells if not (cell.tripod or cell.annex or cell.gbt)] == []
    assert {one for cell in cells for one in re.findall(r"[1-9](?:\([a-h]\))?", cell.annex)} >= {
        *("1(a)", "2(a)", "2(b)", "2(c)", "2(d)", "2(e)", "2(g)", "2(h)", "3", "4", "5", "6", "9")
    }
    asked = {cell.tripod.split()[0] for cell in cells if cell.tripod}
    assert asked >= {"5", "6", "7", "8", "9", "11", "12", "13", "17"}


@pytest.mark.parametrize(("language", "person"), [("en", "a person must write this"), ("zh", "须由人填写")])
def test_what_no_artefact_holds_is_left_to_a_person(language: str, person: str) -> None:
    found = finished(bare=True)
    t = Texts(language)  # type: ignore[arg-type]
    text = as_markdown(found, t)
    of_artefacts, every = filled(record(found, t))
    assert text.count(f"*{person}*") == every - of_artefacts
    assert "redteam=standard" in text, "it says what would measure it"
    assert "SHA256SUMS" in text
    assert text.count("| | | |") == 3, "three people sign"


def test_it_is_a_crosswalk_and_claims_no_conformity() -> None:
    assert "Crosswalk, not conformity" in as_markdown(finished(), Texts("en"))
    assert "并非符合性声明" in as_markdown(finished(), Texts("zh"))


def test_texts_of_others_are_no_markup() -> None:
    assert cell_text("a|b\n<img> `x` *y* [z](u)") == "a\\|b &lt;img> \\`x\\` \\*y\\* \\[z](u)"
    text = as_markdown(finished("domain.title='<script>|x'"), Texts("en"))
    assert "<script>" not in text
    assert "&lt;script>\\|x" in text
