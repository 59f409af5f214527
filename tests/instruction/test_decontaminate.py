"""What train has already said of held-out examples is found, word for word or lightly edited, and taken out."""

import json
import random
import re
from collections.abc import Callable, Iterator

import pytest

from r1tailor.corpus.shingles import words
from r1tailor.errors import ConfigError, DataError
from r1tailor.instruction.decontaminate import decontaminate, leaks_in
from r1tailor.records import Example
from r1tailor.schema.domain import Leaks
from r1tailor.schema.settings import Settings
from r1tailor.schema.sources import PackagedSource
from r1tailor.sources import read
from tests.conftest import ROOT
from tests.support.made_examples import text_of

FIELDS = ("input", "output", "reasoning")
LEAKS = Leaks(fields=FIELDS, containment=0.75, on_leak="remove")
Edit = Callable[[str, random.Random], str]


def _passages(language: str) -> list[str]:
    lines = (ROOT / "tests" / "data" / "passages.jsonl").read_text("utf-8").splitlines()
    return [row["text"] for row in map(json.loads, lines) if row["language"] == language]


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    """Return passages of EU acts and of Chinese laws, and diagnostic terms of eight words and more."""
    from r1tailor import config

    (source,) = config.load([]).domain.sources
    assert isinstance(source, PackagedSource)
    terms = {d.text: "" for d in read(source, ROOT, []) if "#" in d.id and len(words(d.text)) >= 8}
    return {"en": _passages("en"), "zh": _passages("zh"), "icd": random.Random(0).sample(sorted(terms), 200)}


def _parts(train: list[str], test: list[str], field: str = "input") -> dict[str, list[Example]]:
    def example(name: str, text: str) -> Example:
        return Example(**{"id": name, "instruction": "i", "input": "", "output": "", field: text})

    parts = {"train": [example(f"train{i}", text) for i, text in enumerate(train)], "validation": []}
    return parts | {"test": [example(f"test{i}", text) for i, text in enumerate(test)]}


def _case(text: str, generator: random.Random) -> str:
    return generator.choice([text.upper(), text.title(), text.lower()])


def _punctuation(text: str, generator: random.Random) -> str:
    return re.sub(r"[,;:.，；：。、](?!\d)", lambda _: generator.choice(["", ";", " ", "，"]), text) + "!"


def _swapped(text: str, generator: random.Random) -> str:
    """Swap one word (two Chinese characters) that holds no number."""
    if " " in text:
        found = text.split(" ")
        places = [i for i, word in enumerate(found) if not re.search(r"\d", word)]
        found[generator.choice(places)] = generator.choice(["however", "specified", "other", "authority"])
        return " ".join(found)
    place = generator.choice([i for i in range(len(text) - 2) if not re.search(r"\d", text[i : i + 2])])
    return text[:place] + generator.choice(["机构", "主体", "措施", "条件"]) + text[place + 2 :]


def _reordered(text: str, generator: random.Random) -> str:
    """Move the clauses, or the halves where there is only one."""
    clauses = [part for part in re.split(r"(?<=[,;，；])\s*", text) if part]
    if len(clauses) == 1:
        clauses = text.split(" ") if " " in text else list(text)
    middle = len(clauses) // 2
    return (" " if " " in text else "").join(clauses[middle:] + clauses[:middle])


def _particles(text: str, generator: random.Random) -> str:
    """Insert a particle for every twelve characters."""
    places = sorted(generator.sample(range(1, len(text)), max(1, len(text) // 12)), reverse=True)
    for place in places:
        text = text[:place] + generator.choice("的了也就还又") + text[place:]
    return text


ENGLISH: tuple[Edit, ...] = (_case, _punctuation, _swapped, _reordered)
CHINESE: tuple[Edit, ...] = (_punctuation, _swapped, _reordered, _particles)
EDITS = [(kind, edit) for kind, edits in (("en", ENGLISH), ("icd", ENGLISH), ("zh", CHINESE)) for edit in edits]


def _twice(kind: str) -> Edit:
    def edit(text: str, generator: random.Random) -> str:
        first, second = generator.sample(CHINESE if kind == "zh" else ENGLISH, 2)
        return second(first(text, generator), generator)

    return edit


def _found(planted: list[str], test: list[str], field: str = "input") -> set[int]:
    """Return which held-out texts are found to leak from the planted one of the same place."""
    found = leaks_in(_parts(planted, test, field), LEAKS, ())
    return {int(leak.held_out[4:]) for leak in found if leak.held_out[4:] == leak.train[5:]}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", ["en", "zh", "icd"])
def test_every_verbatim_copy_is_found(kind: str, field: str, texts: dict[str, list[str]]) -> None:
    assert len(_found(texts[kind], texts[kind], field)) == len(texts[kind])
    within = [f"Before it. {text} And after it." for text in texts[kind]]
    assert len(_found(within, texts[kind], field)) == len(texts[kind])


@pytest.mark.parametrize(("kind", "edit"), [*EDITS, *((kind, _twice(kind)) for kind in ("en", "icd", "zh"))])
def test_lightly_edited_copies_are_found(kind: str, edit: Edit, texts: dict[str, list[str]]) -> None:
    generator = random.Random(1)
    planted = [edit(text, generator) for text in texts[kind]]
    assert len(_found(planted, texts[kind])) >= 0.95 * len(texts[kind])


@pytest.mark.parametrize("kind", ["en", "zh"])
def test_other_passages_are_no_leaks(kind: str, texts: dict[str, list[str]]) -> None:
    assert leaks_in(_parts(texts[kind][:50], texts[kind][50:]), LEAKS, ()) == []


def test_the_same_question_with_other_numbers_is_another_question() -> None:
    asked = "Tom has {} apples and buys {} more at the market; how many apples does he have now?"
    parts = _parts([asked.format(3, 4), asked.format(13, 4), asked.format(4, 3)], [asked.format(3, 4)])
    assert [leak.train for leak in leaks_in(parts, LEAKS, ())] == ["train0", "train2"]


@pytest.mark.parametrize(
    ("said", "asked", "leaks"),
    [
        ("Cholera due to Vibrio", "cholera, due to vibrio", True),
        ("Vibrio: cholera due to", "Cholera due to Vibrio", True),
        ("Cholera due to Shigella", "Cholera due to Vibrio", False),
        ("Acute cholera due to Vibrio", "Cholera due to Vibrio", False),
        ("高血压病", "高血压病。", True),
        ("低血压病", "高血压病", False),
        ("...", "...", False),
    ],
)
def test_in_few_words_only_the_order_may_differ(said: str, asked: str, leaks: bool) -> None:
    assert bool(leaks_in(_parts([said], [asked]), LEAKS, ())) == leaks


def test_a_label_and_a_short_answer_are_not_compared() -> None:
    long = "Certain infectious and parasitic diseases of the whole world | A00 Cholera"
    assert len(leaks_in(_parts([long], [long], "output"), LEAKS, ())) == 1
    assert leaks_in(_parts([long], [long], "output"), LEAKS, ("Neoplasms", long[:30])) == []
    assert len(leaks_in(_parts([long], [long], "reasoning"), LEAKS, (long[:30],))) == 1
    for field in ("output", "reasoning"):
        assert leaks_in(_parts(["So it is 42"], ["So it is 42"], field), LEAKS, ()) == []


def test_a_question_without_input_is_its_instruction() -> None:
    questions = ["Who may issue a licence?", "Who may revoke a licence?"]
    train, test = ([Example(f"{name}{i}", q, "", "x") for i, q in enumerate(questions)] for name in ("a", "b"))
    found = leaks_in({"train": train, "validation": test[:1], "test": test[1:]}, LEAKS, ())
    same = [Example(f"{name}", "Tell a joke.", "", "x") for name in "cd"]
    assert leaks_in({"train": same[:1], "validation": [], "test": same[1:]}, LEAKS, ()) == []
    assert [(leak.train, leak.held_out, leak.part) for leak in found] == [
        ("a0", "b0", "validation"),
        ("a1", "b1", "test"),
    ]


def _leaky() -> dict[str, list[Example]]:
    passages = _passages("en")
    edited = passages[1].replace(" shall ", " must ").replace(" may ", " can ")
    parts = _parts([*passages[50:], passages[0], edited, edited.upper()], passages[:50])
    return {**parts, "validation": [Example("v", "i", passages[1], "")]}


def test_leaks_are_removed_from_train_and_listed_by_id() -> None:
    parts = _leaky()
    clean, report = decontaminate(parts, LEAKS, ())
    assert [example.id for example in clean["train"]] == [f"train{i}" for i in range(50)]
    assert (clean["validation"], clean["test"]) == (parts["validation"], parts["test"])
    removed = report.pop("removed_from_train")
    assert report == {
        "fields": list(FIELDS),
        "containment": 0.75,
        "held_out_with_leaks": {"validation": {"verbatim": 0, "edited": 1}, "test": {"verbatim": 1, "edited": 1}},
    }
    assert [leak["train"] for leak in removed] == ["train50", "train51", "train52"]
    first = {
        "train": "train50",
        "held_out": "test0",
        "part": "test",
        "field": "input",
        "verbatim": True,
        "containment": 1.0,
    }
    assert removed[0] == first
    assert json.loads(json.dumps(removed)) == removed
    assert decontaminate(clean, LEAKS, ())[1]["removed_from_train"] == []


def test_leaks_stop_the_run_where_that_is_asked_for() -> None:
    with pytest.raises(DataError) as refusal:
        decontaminate(_leaky(), LEAKS.model_copy(update={"on_leak": "stop"}), ())
    assert str(refusal.value) == (
        "3 examples of train repeat what held-out ones ask or answer: train50, train51, train52 (domain.split.leaks, "
        "on_leak: stop; on_leak: remove takes them out of train)"
    )
    many = _parts(_passages("zh"), _passages("zh"))
    with pytest.raises(DataError, match=r"^100 examples of train .*: train0, train1, .*, train9, \.\.\. \(domain"):
        decontaminate(many, LEAKS.model_copy(update={"on_leak": "stop"}), ())


def test_windows_are_compared_by_their_numbers_and_their_texts_with_nothing() -> None:
    text = _passages("en")[0]
    windows = {"train": [1.0, 2.0, 2.0], "validation": [3.0], "test": [2.0, 4.0]}
    parts = {
        part: [Example(f"{part}{i}", "i", text, text, text, series=((w,),)) for i, w in enumerate(values)]
        for part, values in windows.items()
    }
    for settings in (LEAKS, LEAKS.model_copy(update={"fields": ()})):
        found = [(leak.train, leak.held_out, leak.part, leak.field) for leak in leaks_in(parts, settings, ())]
        assert found == [("train1", "test0", "test", "series"), ("train2", "test0", "test", "series")]
        clean, report = decontaminate(parts, settings, ())
        assert [example.id for example in clean["train"]] == ["train0"]
        assert report["held_out_with_leaks"]["test"] == {"verbatim": 1, "edited": 0}


def test_only_the_fields_asked_for_are_compared() -> None:
    text = _passages("en")[0]
    parts = _parts([text], [text], "reasoning")
    assert leaks_in(parts, LEAKS.model_copy(update={"fields": ("input", "output")}), ()) == []
    assert [leak.field for leak in leaks_in(parts, LEAKS, ())] == ["reasoning"]


def _faults() -> Iterator[tuple[str, str]]:
    yield "containment=0", "domain.split.leaks.containment = 0: must be greater than 0"
    yield "on_leak=warn", "domain.split.leaks.on_leak = 'warn': must be one of remove, stop."
    yield "fields=[answer]", "domain.split.leaks.fields.0 = 'answer': must be one of input, output, reasoning."


@pytest.mark.parametrize(("override", "fault"), list(_faults()))
def test_a_faulty_setting_is_refused(override: str, fault: str, settings: Callable[..., Settings]) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings("domain=generic", "domain.sources.0.path=x", f"domain.split.leaks.{override}")
    assert refusal.value.faults[0].startswith(fault)


def _answering(*outputs: str) -> list[Example]:
    return [Example(f"{number}", "i", f"question {number * 7919}", output) for number, output in enumerate(outputs)]


def test_an_answer_that_a_class_shares_is_no_leak() -> None:
    answer = "Please refer this patient to the {} department for further review."
    classes = [answer.format(name) for name in ("neurology", "cardiology", "paediatrics", "nephrology")]
    every = _answering(*classes * 10)
    assert leaks_in({"train": every[:30], "validation": [], "test": every[30:]}, LEAKS, ()) == []
    unlike = "It is a quite different sentence that only a few of the answers have in common."
    others = [f"{text_of(number)} {text_of(number + 50)}" for number in range(40)]
    rare = _answering(*others, *[unlike] * 4)
    assert leaks_in({"train": rare[:-1], "validation": [], "test": rare[-1:]}, LEAKS, ()) == []
    assert len(leaks_in({"train": rare[:-3], "validation": [], "test": rare[-1:]}, LEAKS, ())) == 1


def test_a_form_that_answers_fill_in_is_no_leak_and_a_copy_of_one_answer_is() -> None:
    names = ["Abel", "Cain", "Dora", "Emil", "Fritz", "Gerda", "Hans", "Ilse", "Jon", "Karl", "Lena", "Mia", "Nora"]
    forms = [f"Dear colleague, please see {name} in the outpatient clinic for a second opinion." for name in names]
    every = _answering(*forms)
    assert leaks_in({"train": every[:-1], "validation": [], "test": every[-1:]}, LEAKS, ()) == []
    alone = _answering(*[f"{text_of(number)} {text_of(number + 50)}" for number in range(12)], forms[0], forms[0])
    assert [
        leak.field for leak in leaks_in({"train": alone[:-1], "validation": [], "test": alone[-1:]}, LEAKS, ())
    ] == ["output"]
