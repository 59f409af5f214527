"""What documents hold: language, identifiers, answers, reasoning, turns."""

from r1tailor.proposal.survey import language, survey
from r1tailor.records import Document


def _documents(text: str, count: int = 20, **fields: object) -> list[Document]:
    return [
        Document(f"d{n}", text.format(n=n), "s", "own", "", "", "", {"output": "x", **fields}) for n in range(count)
    ]


def test_identifiers_are_counted_by_kind_and_document() -> None:
    found = survey(_documents("Call (212) 555-01{n:02} or write to a{n}@example.org, call (212) 555-0199"))
    assert found.identifiers["phone"] == found.identifiers["email"] == 20
    assert found.personal == 20
    assert found.identifies


def test_dates_alone_single_out_nobody() -> None:
    found = survey(_documents("The act of 14 March 2024 applies, article {n}."))
    assert "date" in found.identifiers
    assert not found.identifies


def test_turns_and_reasoning_are_counted() -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello", "reasoning": ""}]
    found = survey([*_documents("a", 2, reasoning="because"), *_documents("b", 2, turns=turns)])
    assert (found.reasoned, found.turns, found.documents) == (2, 2.0, 4)


def test_a_third_of_chinese_letters_makes_the_text_chinese() -> None:
    assert language(iter(["反复咳嗽三天 CT"])) == "zh"
    assert language(iter(["a note about 北京 in English"])) == "en"
    assert language(iter([""])) == "en"


def test_answers_are_numbers_and_their_wording_is_compared() -> None:
    facts = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2026-01-01"}
    numbers = [Document(f"n{n}", "q", **facts, fields={"output": f"<think>so</think>{n}"}) for n in range(20)]
    assert survey(numbers).numeric
    assert survey(numbers).reasoned == 20
    alike = [Document(f"a{n}", "q", **facts, fields={"output": f"The answer is case {n} of ours."}) for n in range(20)]
    found = survey(alike)
    assert not found.numeric
    assert found.unrelated > 50


def test_an_age_above_89_singles_a_person_out() -> None:
    facts = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2026-01-01"}
    assert survey([Document("a", "Pt is 94 y/o with cough", **facts)]).identifies
    assert not survey([Document("a", "Pt is 54 y/o with cough", **facts)]).identifies


def test_a_sober_lawyer_is_nobody() -> None:
    facts = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2026-01-01"}
    assert not survey([Document("a", "你是一名严谨的中国律师助理。", **facts)]).identifiers
