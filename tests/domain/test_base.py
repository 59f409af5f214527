"""Documents become examples, answers become scores, and near-identical items never straddle two parts."""

from collections import Counter
from collections.abc import Callable
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor.domain import Domain, open_domain
from r1tailor.errors import ConfigError, DataError
from r1tailor.instruction import similarity as likeness
from r1tailor.instruction.build import build, leaks
from r1tailor.instruction.similarity import similar_pairs, trigrams
from r1tailor.instruction.split import cluster, split
from r1tailor.layout import PARTS
from r1tailor.records import Document, Example, Prediction
from r1tailor.schema.domain import Split
from r1tailor.schema.settings import Settings

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2020-01-01"}
GUTS, POISON = "Certain infectious diseases", "Injury, poisoning"
SHARES = Split(validation=0.1, test=0.2, similarity=0.8)
Make = Callable[..., Domain]


def _code(code: str, chapter: str, excludes: tuple[str, ...] = ()) -> Document:
    category = code.partition(".")[0]
    fields = {"role": "code", "chapter": chapter, "category": category, "title": f"Title of {category}"}
    return Document(code, f"Text of {code}", position=code, fields={**fields, "excludes1": list(excludes)}, **FACTS)


def _term(code: str, number: int, chapter: str, text: str) -> Document:
    category = code.partition(".")[0]
    fields = {"role": "term", "chapter": chapter, "category": category, "title": f"Title of {category}"}
    return Document(f"{code}#{number}", text, position=code, fields=fields, **FACTS)


CODES = [
    _code("A04", GUTS, ("A05.-", "T61-T62", "K52.1")),
    _code("A04.7", GUTS, ("A05.-", "T61-T62", "K52.1", "B99")),
    *(_code(code, GUTS) for code in ("A05", "A05.1", "A09", "B99")),
    *(_code(code, POISON) for code in ("T60", "T61", "T62", "T63", "K52")),
]
TERMS = [
    _term("A04", 0, GUTS, "Bad gut"),
    _term("A04.7", 0, GUTS, "Colitis"),
    _term("A05", 0, GUTS, "Food Poisoning"),
    _term("T62", 0, POISON, "food poisoning"),
    _term("A09", 0, GUTS, "Flux"),
    _term("A09", 1, GUTS, "flux"),
]


@pytest.fixture
def medical(settings: Callable[..., Settings]) -> Make:
    return lambda *overrides: open_domain(settings(*overrides).domain, [*CODES, *TERMS])


@pytest.fixture
def generic(settings: Callable[..., Settings]) -> Make:
    def make(documents: list[Document], *overrides: str) -> Domain:
        composed = settings("domain=generic", "domain.sources.0.path=x", *overrides)
        return open_domain(composed.domain, documents)

    return make


def _record(number: int, text: str, **fields: object) -> Document:
    empty = {"instruction": "", "reasoning": "", "group": "", "entities": [], "output": "b"}
    return Document(f"mine-{number}", text, position=f"line {number}", fields=empty | fields, **FACTS)


def _answered(domain: Domain, example: Example, generated: str, ranked: str = "") -> dict[str, float]:
    return domain.score(example, Prediction(example.id, generated, -1.0, 1, ranked))


def test_a_term_becomes_one_example_and_an_ambiguous_one_none(medical: Make) -> None:
    examples = list(medical().examples())
    assert [example.id for example in examples] == ["A04#0", "A04.7#0", "A09#0"]
    assert examples[1].output == f"{GUTS} | A04 Title of A04"
    assert examples[1].fields == {"code": "A04.7", "chapter": GUTS, "category": "A04", "title": "Title of A04"}
    assert (examples[0].input, examples[0].instruction) == ("Bad gut", medical().settings.task.instruction)


def test_the_labels_are_the_chapters_or_those_of_the_task(medical: Make) -> None:
    assert medical().labels() == (GUTS, POISON)
    assert medical("domain.task.labels=[one,two]").labels() == ("one", "two")


def test_a_perfect_and_an_empty_answer_score_all_and_nothing(medical: Make) -> None:
    domain = medical()
    for example in domain.examples():
        assert set(_answered(domain, example, f"<think>\nT61\n</think>\n\n{example.output}", GUTS).values()) == {1.0}
        assert set(_answered(domain, example, "").values()) == {0.0}
    assert {metric.name for metric in domain.metrics} == set(_answered(domain, example, ""))


@pytest.mark.parametrize(
    ("answer", "category", "chapter"),
    [
        (f"{GUTS} | A09", 0, 1),
        (f"{POISON} | A04", 1, 0),
        (f"{GUTS.upper()} rather than {POISON}", 0, 1),
        (f"{POISON} rather than {GUTS}", 0, 0),
        ("A04.7", 1, 1),
        ("T62", 0, 0),
        ("A04 or T62", 1, 1),
        ("no code at all", 0, 0),
    ],
)
def test_category_and_chapter_are_read_by_title_and_by_code(
    answer: str, category: int, chapter: int, medical: Make
) -> None:
    domain = medical()
    scores = _answered(domain, next(domain.examples()), answer)
    assert (scores["category_accuracy"], scores["chapter_accuracy"]) == (category, chapter)


@pytest.mark.parametrize(
    ("answer", "complies"),
    [
        ("A04", True),
        ("A09", True),
        ("Z99", False),  # does not exist
        ("A05.1", False),  # exists, but is no category
        ("A05", False),  # Excludes1: A05.-
        ("T60", True),
        ("T61", False),  # Excludes1: T61-T62, both ends
        ("T62", False),
        ("T63", True),
        ("K52", True),  # K52.1 excludes one subcategory, not its category
        ("", False),
    ],
)
def test_an_answer_complies_if_its_category_exists_and_is_not_excluded(
    answer: str, complies: bool, medical: Make
) -> None:
    domain = medical()
    assert _answered(domain, next(domain.examples()), answer)["compliance"] == complies


def test_an_exclusion_counts_at_the_level_of_the_reference(medical: Make) -> None:
    category, below, _ = (domain := medical()).examples()
    assert [_answered(domain, example, "B99")["compliance"] for example in (category, below)] == [1.0, 0.0]


def test_the_majority_answer_joins_the_most_frequent_chapter_and_category(medical: Make) -> None:
    domain = medical()
    assert domain.majority_answer(list(domain.examples())) == f"{GUTS} | A04"


@pytest.mark.parametrize("response", ["{colour}", "{}", "{term"])
@pytest.mark.parametrize("kind", ["medical", "generic"])
def test_a_response_with_an_unknown_placeholder_is_refused(
    response: str, kind: str, medical: Make, generic: Make
) -> None:
    override = f"domain.task.response='{response}'"
    domain = medical(override) if kind == "medical" else generic([_record(1, "a")], override)
    with pytest.raises(ConfigError, match=r"domain\.task\.response = .*: only \{\w+\}, .* may stand in it$"):
        list(domain.examples())


def test_a_generic_record_keeps_its_own_instruction_reasoning_and_group(generic: Make) -> None:
    documents = [_record(1, "a", instruction="own", reasoning="why", group="g", entities=["E"]), _record(2, "c")]
    first, second = generic(documents, "domain.task.instruction=shared").examples()
    assert first == Example("mine-1", "own", "a", "b", "why", "g", {"entities": ["E"]})
    assert (second.instruction, second.reasoning) == ("shared", "")
    silent = generic(documents, "domain.task.reasoning=false", "domain.task.response='{input}={output}'").examples()
    assert [(example.reasoning, example.output) for example in silent] == [("", "a=b"), ("", "c=b")]


def test_a_generic_answer_is_scored_with_labels_only_where_there_are_some(generic: Make) -> None:
    example = Example("e", "", "a", "New  York", fields={"entities": ["York", "Albany"]})
    plain, labelled = generic([]), generic([], "domain.task.labels=['New  York',York,Rome]")
    answer = "<think>Rome</think> new york "
    assert _answered(plain, example, answer) == {"exact_match": 1.0, "entity_coverage": 0.5}
    assert (plain.labels(), labelled.labels()) == ((), ("New  York", "York", "Rome"))
    scores = _answered(labelled, example, "It is NEW  YORK, not Rome", ranked="Rome")
    assert scores == {"exact_match": 0, "entity_coverage": 0.5, "label_accuracy": 1, "label_accuracy_ranked": 0}
    assert plain.majority_answer([example, example, Example("f", "", "", "z")]) == "New  York"


def _jaccard(one: str, other: str) -> tuple[int, int]:
    return len(trigrams(one) & trigrams(other)), len(trigrams(one) | trigrams(other))


@profile(deadline=None, derandomize=True, database=None, max_examples=150)
@given(
    st.lists(st.text("ab ,1高血压", max_size=12), max_size=12),
    st.lists(st.text("ab ,1高血压", max_size=12), max_size=6),
    st.sampled_from([0.2, 0.5, 0.8, 1.0]),
)
def test_similar_pairs_are_exactly_those_of_brute_force(texts: list[str], others: list[str], least: float) -> None:
    def near(one: str, other: str) -> bool:
        shared, union = _jaccard(one, other)
        return shared >= least * union

    within = {(i, j) for i, j in combinations(range(len(texts)), 2) if near(texts[i], texts[j])}
    across = {(i, j) for i, j in product(range(len(texts)), range(len(others))) if near(texts[i], others[j])}
    assert sorted(zip(*similar_pairs(texts, least), strict=True)) == sorted(within)
    assert sorted(zip(*similar_pairs(texts, least, others), strict=True)) == sorted(across)


def test_similar_pairs_do_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"item {i // 3} of the list" for i in range(20)]
    whole = sorted(zip(*similar_pairs(texts, 0.8), strict=True))
    monkeypatch.setattr(likeness, "_BLOCK", 3)
    assert sorted(zip(*similar_pairs(texts, 0.8), strict=True)) == whole
    assert (0, 1) in whole


def test_trigrams_ignore_case_and_punctuation_and_read_chinese() -> None:
    assert trigrams("A-b, C!") == trigrams(" a b c") == {" a ", "a b", " b ", "b c", " c "}
    assert trigrams("高血压病。") == {" 高血", "高血压", "血压病", "压病 "}
    assert len({*trigrams(""), *trigrams("!")}) == 1


def _text(number: int) -> str:
    """Return a text that shares next to nothing with that of any other number."""
    return " ".join(f"{(number + 1) * factor % 999_983:06d}" for factor in (7919, 104_729, 611_953, 15_485_863))


def _examples(count: int) -> list[Example]:
    return [Example(f"e{i}", "", _text(i), "b") for i in range(count)]


def _place(parts: dict[str, list[Example]]) -> dict[str, str]:
    return {example.id: name for name, members in parts.items() for example in members}


@profile(deadline=None, derandomize=True, database=None, max_examples=25)
@given(st.integers(0, 10_000), st.lists(st.sampled_from(["{}", "{}!", "{}.", "{} x", " {}", "a{}"]), max_size=4))
def test_copies_and_light_edits_never_straddle_two_parts(seed: int, edits: list[str]) -> None:
    examples = _examples(40)
    examples += [
        Example(f"{example.id}/{number}", "", edit.format(example.input), "b")
        for example in examples[:20]
        for number, edit in enumerate(["{}", *edits])
    ]
    parts = split(examples, SHARES, seed)
    place = _place(parts)
    assert all(place[example.id] == place[example.id.partition("/")[0]] for example in examples)
    assert leaks(parts, SHARES.similarity) == {"validation": 0, "test": 0}
    for one, other in combinations(examples, 2):
        shared, union = _jaccard(one.input, other.input)
        assert place[one.id] == place[other.id] or shared < SHARES.similarity * union


def test_examples_of_one_group_stay_in_one_part() -> None:
    examples = [Example(f"e{i}", "", _text(i), "b", group=f"g{i % 50}" if i < 300 else "") for i in range(400)]
    place = _place(split(examples, SHARES, 1))
    parts_of = {group: {place[e.id] for e in examples if e.group == group} for group in {e.group for e in examples}}
    assert all(len(parts) == 1 for group, parts in parts_of.items() if group)
    assert parts_of[""] == set(PARTS)


def test_what_is_linked_through_a_third_is_one_cluster() -> None:
    examples = [Example("a", "", _text(1), "", group="g"), Example("b", "", _text(2), "", group="g")]
    examples += [Example("c", "", f"{_text(2)}.", ""), Example("d", "", _text(3), "")]
    numbers = cluster(examples, 0.8)
    assert numbers[0] == numbers[1] == numbers[2] != numbers[3]
    assert cluster([], 0.8) == []


def test_a_part_depends_on_seed_and_cluster_only() -> None:
    examples = [*_examples(150), *(Example(f"copy{i}", "", _text(i), "b") for i in range(60))]
    place = _place(split(examples, SHARES, 1))
    assert _place(split(examples, SHARES, 1)) == place
    assert _place(split(examples, SHARES, 2)) != place
    fewer = [example for index, example in enumerate(examples) if index % 150 % 2]
    assert _place(split(fewer, SHARES, 1)).items() <= place.items()
    assert _place(split(examples[::-1], SHARES, 1)) == place


def test_shares_are_about_right_and_parts_are_in_no_given_order() -> None:
    parts = split(_examples(2000), SHARES, 1)
    counts = Counter({name: len(members) for name, members in parts.items()})
    assert abs(counts["test"] - 400) < 4 * (2000 * 0.2 * 0.8) ** 0.5
    assert abs(counts["validation"] - 200) < 4 * (2000 * 0.1 * 0.9) ** 0.5
    assert counts.total() == 2000
    ids = [int(example.id[1:]) for example in parts["train"]]
    assert ids != sorted(ids)


def test_leaks_finds_each_planted_copy_once() -> None:
    train = _examples(10)
    planted = [Example("x", "", f"{train[3].input}!", ""), Example("y", "", train[4].input, "")]
    parts = {"train": [*train, *train], "validation": _examples(12)[10:], "test": [*planted, *_examples(14)[12:]]}
    assert leaks(parts, 0.8) == {"validation": 0, "test": 2}
    assert leaks({**parts, "train": []}, 0.8) == {"validation": 0, "test": 0}


def test_a_build_removes_repetitions_and_reports(generic: Make) -> None:
    documents = [_record(i, _text(i % 60)) for i in range(70)]
    built = build(generic(documents, "domain.split.test=0.3", "domain.split.validation=0.3"), seed=1)
    assert built.report["exact_duplicates_removed"] == 10
    assert sum(built.report["examples"].values()) == 60 == sum(map(len, built.parts.values()))
    assert built.report["leaks"] == {"validation": 0, "test": 0}
    assert built.report["most_frequent_outputs"] == [("b", 60)]


def test_a_build_with_an_empty_part_says_which(generic: Make) -> None:
    with pytest.raises(DataError, match=r"^domain generic: .* none is left for train, validation(, test)?; give more"):
        build(generic([], "domain.split.validation=0.3"), seed=1)
    documents = [_record(i, _text(i)) for i in range(60)]
    assert build(generic(documents, "domain.split.validation=0"), seed=1).parts["validation"] == []
