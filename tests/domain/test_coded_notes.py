"""Clinical notes to coded diagnoses, on stand-ins in the formats of MIMIC-III and MIMIC-IV."""

from collections.abc import Callable
from pathlib import Path

import pytest

from r1tailor import store
from r1tailor.domain import open_domain
from r1tailor.domain.coded_notes import CodedNotes
from r1tailor.record_files import read_examples
from r1tailor.records import Document
from r1tailor.schema.settings import Settings
from tests.support.domain_runs import evaluated, scores_of
from tests.support.mimic_tables import write_iii, write_iv

FACTS = {"source": "s", "licence": "l", "sha256": "0", "available_at": "2150-01-01"}
COUGH, SUGAR, BLOOD = (
    {"code": "J189", "title": "Pneumonia, unspecified organism", "version": "10"},
    {"code": "E119", "title": "Type 2 diabetes mellitus without complications", "version": "10"},
    {"code": "4019", "title": "Unspecified essential hypertension", "version": "9"},
)


def _note(number: int, text: str, diagnoses: list[dict[str, str]], category: str = "Discharge summary") -> Document:
    fields = {"group": f"p{number}", "category": category, "diagnoses": diagnoses, "drugs": []}
    return Document(f"n{number}", text, position=f"line {number}", fields=fields, **FACTS)


NOTES = [
    _note(1, "He coughs.\nDischarge Diagnosis: pneumonia", [COUGH, SUGAR]),
    _note(2, "Feet tingle.", [SUGAR, COUGH]),
    _note(3, "A nurse's note.", [COUGH], "Nursing"),
    _note(4, "Pressure is high.", [BLOOD]),
    _note(5, "Nobody coded this.", []),
    _note(6, "DISCHARGE DIAGNOSIS: all of it", [COUGH]),
]


@pytest.fixture
def make(settings: Callable[..., Settings]) -> Callable[..., CodedNotes]:
    def make(*overrides: str) -> CodedNotes:
        opened = open_domain(settings("domain=mimic", "domain.task.icd_versions=['10']", *overrides).domain, NOTES)
        assert isinstance(opened, CodedNotes)
        return opened

    return make


def test_a_note_is_read_up_to_the_heading_under_which_its_diagnoses_stand(make: Callable[..., CodedNotes]) -> None:
    domain = make()
    first, second = domain.examples()
    assert (first.input, first.group) == ("He coughs.", "p1")
    assert first.output == ("J189 Pneumonia, unspecified organism\nE119 Type 2 diabetes mellitus without complications")
    assert second.fields["codes"] == ["E119", "J189"]


def test_what_is_left_out_is_counted_with_its_reason(make: Callable[..., CodedNotes]) -> None:
    domain = make()
    list(domain.examples())
    assert domain.remarks() == (
        "1 notes are left out: nothing stands before a heading of task.until",
        "1 notes are left out: of another category",
        "2 notes are left out: their admission has no diagnosis of the wanted ICD versions",
    )


def test_notes_and_lists_are_cut_to_what_the_settings_say(make: Callable[..., CodedNotes]) -> None:
    (long,) = [one for one in make("domain.task.diagnoses=1", "domain.task.until=[]").examples() if one.id == "n1"]
    assert long.fields["codes"] == ["J189"]
    assert long.input.endswith("pneumonia")


@pytest.mark.parametrize(
    ("answer", "main", "precision", "recall", "category", "exist"),
    [
        ("J189 Pneumonia\nE119 Diabetes", 1, 1, 1, 1, 1),
        ("1. J18.9 Pneumonia\n2. E11.9 Diabetes", 1, 1, 1, 1, 1),  # numbered, and with dots
        ("E119\nJ189", 0, 1, 1, 1, 1),
        ("J180 Bronchopneumonia", 0, 0, 0, 2 / 3, 0),  # the category, but no code of these admissions
        ("J189 x\nE119 y\nI10 z\nI110 z", 1, 0.5, 1, 2 * 2 / 6, 0),
        ("He is 80 years old", 0, 0, 0, 0, 0),
        ("<think>J189</think>no code", 0, 0, 0, 0, 0),
    ],
)
def test_an_answer_is_scored_by_its_codes(
    answer: str, main: float, precision: float, recall: float, category: float, exist: float,
    make: Callable[..., CodedNotes],
) -> None:  # fmt: skip
    domain = make()
    example = next(domain.examples())
    scores = scores_of(domain, example, answer)
    assert scores["main_code_accuracy"] == main
    assert (scores["code_precision"], scores["code_recall"]) == (precision, recall)
    assert scores["code_f1"] == pytest.approx(2 * precision * recall / (precision + recall) if precision else 0)
    assert scores["category_f1"] == pytest.approx(category)
    assert scores["codes_exist"] == exist


def test_the_majority_names_the_diagnoses_that_are_named_most(make: Callable[..., CodedNotes]) -> None:
    domain = make("domain.task.diagnoses=1")
    examples = list(domain.examples())
    assert domain.majority_answer([examples[0], examples[0], examples[1]]) == "J189 Pneumonia, unspecified organism"


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
@pytest.mark.parametrize("write", [write_iii, write_iv], ids=["MIMIC-III", "MIMIC-IV"])
def test_the_domain_goes_from_published_tables_to_an_evaluated_model(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R1TAILOR_PRIVACY_KEY", "0123456789abcdef" * 4)
    write(tmp_path / "mimic")
    run = tmp_path / "run"
    metrics = evaluated("mimic", run, 1, f"domain.sources.0.path={tmp_path / 'mimic'}", "domain.split.test=0.2")
    assert 0 <= metrics["models"]["tuned"]["code_f1"]["value"] <= 1
    parts = {part: list(read_examples(run / "instruct" / f"{part}.jsonl")) for part in ("train", "test")}
    patients = {part: {example.group for example in examples} for part, examples in parts.items()}
    assert patients["train"].isdisjoint(patients["test"]), "no patient stands in two parts"
    assert all(len(group) > 8 for group in patients["train"]), "patients have opaque names"
    assert store.read_json(run / "collect" / "provenance.json")
