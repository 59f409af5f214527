"""Questions to passages: the guideline's own words answer, or nothing does, and a section stays in one part."""

from dataclasses import replace

import pytest

from r1tailor import config
from r1tailor.domain import open_domain
from r1tailor.domain.recommendations import Recommendations
from r1tailor.errors import ConfigError, DataError
from r1tailor.records import Document, Prediction

_GOUT = "In adults with gout, offer colchicine. Gout is painful. In adults with gout, do not wait. Consider rest."
_ASTHMA = "If a child wheezes, measure the peak flow. Wheezing is common."


def _document(number: int, text: str) -> Document:
    return Document(
        f"g-{number}", text, "g", "own", "", "", "2026-01-01", {"title": "Guideline", "headings": ["1 Care"]}
    )


def _domain(*texts: str, **task: object) -> Recommendations:
    settings = config.load(["domain=medical_guidelines"]).domain
    changed = settings.task.model_copy(update={"unanswered": 0.0, **task})
    opened = open_domain(settings.model_copy(update={"task": changed}), [*map(_document, range(len(texts)), texts)])
    assert isinstance(opened, Recommendations)
    return opened


def test_a_condition_is_asked_about_and_all_of_its_sentences_answer() -> None:
    domain = _domain(_GOUT, _ASTHMA)
    gout, asthma = domain.examples()
    assert gout.input == f"{_GOUT}\n\nWhat is recommended in adults with gout?"
    assert gout.output == "In adults with gout, offer colchicine. In adults with gout, do not wait."
    assert asthma.output == "If a child wheezes, measure the peak flow."
    assert (gout.group, asthma.group) == ("g-0", "g-1")
    assert domain.remarks() == ("1 recommendations say neither for whom nor when: not asked",)


def test_a_question_put_to_another_passage_has_no_answer_and_stays_with_what_is_read() -> None:
    domain = _domain(_GOUT, _ASTHMA, unanswered=0.999999)
    first, second = domain.examples()
    assert first.output == second.output == "The passage gives no recommendation on this."
    assert first.input == f"{_ASTHMA}\n\nWhat is recommended in adults with gout?"
    assert (first.group, second.group) == ("g-1", "g-0")
    assert [*domain.examples()] == [first, second]  # drawn by ids


def test_answers_are_scored_by_the_words_and_by_where_they_stand() -> None:
    domain = _domain(_GOUT, _ASTHMA)
    gout, _ = domain.examples()
    none = replace(gout, output="The passage gives no recommendation on this.")

    def scores(said: str, item: object = gout) -> dict[str, float]:
        return domain.score(item, Prediction("x", said, 0.0, 1, ""))  # type: ignore[arg-type]

    assert scores(f"<think>hm</think>{gout.output}") == {"recommendation_accuracy": 1.0, "quoted": 1.0}
    assert scores("Gout is painful.") == {"recommendation_accuracy": 0.0, "quoted": 1.0}
    assert scores("Give morphine.") == scores("") == {"recommendation_accuracy": 0.0, "quoted": 0.0}
    assert scores("the passage gives no recommendation on this", none) == {
        "recommendation_accuracy": 1.0,
        "abstention": 1.0,
    }
    assert scores("In adults with gout, offer colchicine.", none) == {"recommendation_accuracy": 0.0, "abstention": 0.0}


def test_the_plain_baseline_quotes_the_nearest_sentence() -> None:
    domain = _domain(_GOUT, _ASTHMA)
    asked = [*domain.examples()]
    assert domain.plain_answers([], asked) == {
        "most_words_in_common": ["In adults with gout, offer colchicine.", "If a child wheezes, measure the peak flow."]
    }


def test_material_without_recommendations_and_a_bad_question_are_told() -> None:
    with pytest.raises(DataError, match="no recommendation was found"):
        list(_domain("Gout is painful.").examples())
    with pytest.raises(ConfigError, match=r"only \{condition\} and \{heading\} may stand in it"):
        list(_domain(_GOUT, question="What of {drug}?").examples())
