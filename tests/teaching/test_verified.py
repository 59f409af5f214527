"""Which texts are kept: finished, right as the evaluation counts it, distinct; each other is counted by its reason."""

import pytest

from r1tailor import config
from r1tailor.domain import Domain, open_domain
from r1tailor.errors import ConfigError
from r1tailor.schema.objective import TeachersSequences
from r1tailor.teaching.verified import AGREEMENT, Trace, chosen, separated, verifier
from tests.support.taught import example, thought


def domain(*overrides: str) -> Domain:
    labels = "domain.task.labels=[red,green,blue]"
    composed = config.load(["domain=generic", "domain.sources.0.path=mine.jsonl", labels, *overrides], "config")
    return open_domain(composed.domain, [])


def wanted(**changes: object) -> TeachersSequences:
    known = {"samples": 4, "temperature": 0.6, "top_p": 0.95, "max_new_tokens": 64, "keep": 2, "verify": None}
    return TeachersSequences(**{**known, "agreement": 0.5, "unverified": "drop", **changes})


@pytest.mark.parametrize(
    ("text", "opened", "found"),
    [
        ("because\n</think>\n\nred", True, Trace("because", "red")),
        ("<think>\nbecause\n</think>\n\nred", False, Trace("because", "red")),
        ("\n</think>\n\nred", True, Trace("", "red")),
        ("red", False, Trace("", "red")),
        ("red", True, "unfinished"),
        ("<think>\nbecause", False, "unfinished"),
        ("because\n</think>\n\n", True, "unfinished"),
        ("because\n</think>\nno\n</think>\nred", True, "malformed"),
        ("because <think> again\n</think>\nred", True, "malformed"),
    ],
)
def test_reasoning_is_separated_from_the_answer(text: str, opened: bool, found: Trace | str) -> None:
    assert separated(text, opened=opened) == found


def test_a_right_text_gives_its_reasoning_to_the_reference_answer() -> None:
    texts = [
        thought("The colour is red."),
        thought("blue"),
        thought("RED", "So it  must be"),
        thought("red", "another way"),
        thought("red", "a third way"),
        "cut off while thin",
        "a\n</think>\n</think>\nred",
    ]
    made, became = chosen(example(), texts, domain(), "label_accuracy", wanted(), opened=True)
    assert [(one.id, one.output, one.reasoning) for one in made] == [
        ("e", "red", "so it must be"),
        ("e/trace-2", "red", "So it  must be"),
    ]
    assert +became == {"kept": 2, "wrong": 1, "above_keep": 2, "unfinished": 1, "malformed": 1}
    assert became.total() == len(texts)


def test_texts_that_differ_in_case_and_space_only_are_one() -> None:
    texts = [thought("red"), thought("red", "So it  must be"), thought("Red")]
    made, became = chosen(example(), texts, domain(), "label_accuracy", wanted(keep=3), opened=True)
    assert [one.id for one in made] == ["e"]
    assert became["duplicate"] == 2


def test_without_a_metric_texts_vote_and_their_answer_is_the_reference() -> None:
    texts = [thought("Twelve mg"), thought("twelve  mg", "another way"), thought("ten"), "unfinished"]
    made, became = chosen(example(), texts, domain(), AGREEMENT, wanted(), opened=True)
    assert [(one.output, one.reasoning) for one in made] == [
        ("Twelve mg", "so it must be"),
        ("twelve  mg", "another way"),
    ]
    assert +became == {"kept": 2, "disagreement": 1, "unfinished": 1}
    few, became = chosen(example(), texts, domain(), AGREEMENT, wanted(agreement=0.75), opened=True)
    assert (few, became["disagreement"]) == ([], 3)
    alone, became = chosen(example(), texts[:1], domain(), AGREEMENT, wanted(), opened=True)
    assert (alone, became["disagreement"]) == ([], 1), "one text agrees with nobody"
    cut, became = chosen(example(), [*texts[:2], None, None], domain(), AGREEMENT, wanted(agreement=0.75), opened=True)
    assert (cut, became["cut"], became["disagreement"]) == ([], 2, 2), "a text that was cut was asked for all the same"


def test_the_domains_own_metrics_verify_in_the_order_of_its_goals() -> None:
    assert verifier(domain(), None) == "exact_match"
    goal = "domain.goals=[{metric: label_accuracy, at_least: 0.5, why: x}]"
    assert verifier(domain(goal), None) == "label_accuracy"
    assert verifier(open_domain(config.load(["domain=education"], "config").domain, []), None) == "verified_accuracy"
    assert verifier(domain(), AGREEMENT) == AGREEMENT
    with pytest.raises(
        ConfigError, match=r"verify = 'exact_mach': must be one of exact_match, .*Did you mean exact_match"
    ):
        verifier(domain(), "exact_mach")


def test_the_generator_of_a_problem_verifies_its_texts() -> None:
    education = open_domain(config.load(["domain=education"], "config").domain, [])
    entry = {"task": "chain_sum", "level": 0, "answer": "1156", "metadata": {}}
    asked = example(instruction="", input="1000 + 156", output="1156", fields=entry)
    texts = [thought("1,156"), thought("1157")]
    made, became = chosen(asked, texts, education, "verified_accuracy", wanted(), opened=True)
    assert [(one.output, one.reasoning) for one in made] == [("1156", "so it must be")]
    assert became["wrong"] == 1
