"""Each decision is told once, with its reason, in the language of the data."""

from dataclasses import replace
from pathlib import Path

from r1tailor.proposal import reasons
from r1tailor.proposal.opened import opened
from r1tailor.proposal.survey import Survey
from r1tailor.proposal.wishes import Asker, Wishes
from tests.support import proposal_cases


def test_the_decisions_of_a_table(tmp_path: Path) -> None:
    draft = opened(str(proposal_cases.hospital(tmp_path / "a.csv")), Wishes(), Asker(silent=True))
    told = {decision.what: decision for decision in reasons.decisions(draft)}
    assert told["output"].chosen == "Department"
    assert "'ORTHOPEDICS'" in told["folded"].chosen
    assert "'N/A' 1" in told["no label"].chosen
    assert told["not used"].chosen == "visit_id, Patient Name"
    assert "stay together" in told["split"].why


def test_the_header_says_who_uses_the_model(tmp_path: Path) -> None:
    wishes = Wishes(users="nurses at the desk, to send patients on")
    draft = opened(str(proposal_cases.hospital(tmp_path / "a.csv")), wishes, Asker(silent=True))
    assert "Used by: nurses at the desk" in reasons.header(draft, "a.csv")


def test_chinese(tmp_path: Path) -> None:
    draft = opened(str(proposal_cases.clinic_zh(tmp_path / "a.csv")), Wishes(), Asker(silent=True))
    assert "标签" in {decision.what for decision in reasons.decisions(draft)}
    assert reasons.comments(draft)["task.labels"] == "各取最常见的写法"


def test_documents_without_answers_are_told_the_three_ways(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Some text.", encoding="utf-8")
    draft = opened(str(tmp_path / "a.txt"), Wishes(), Asker(silent=True))
    (told,) = [decision for decision in reasons.decisions(draft) if decision.what == "no answers"]
    assert all(f"--way {way}" in str(told) for way in ("text", "passages", "annotate"))


def test_small_classes_identifiers_and_metrics_are_told(tmp_path: Path) -> None:
    rows = [f"a note that is long enough {n},{'abc'[n % 2 if n else 2]}" for n in range(40)]
    (tmp_path / "a.csv").write_text("\n".join(["note,ward", *rows]), encoding="utf-8")
    draft = opened(str(tmp_path / "a.csv"), Wishes(), Asker(silent=True))
    found = Survey(40, 40, "en", {"phone": 10, "age": 2}, 12, 40, 3, 0.0, 8.0)
    told = {decision.what: str(decision) for decision in reasons.decisions(replace(draft, survey=found, passage=40))}
    assert "c 1 (too few to learn or to measure" in told["few items"]
    assert "phone 25 %, age 5 % (of 40 documents)" in told["identifiers"]
    assert "hipaa (identifiers are frequent)" in told["preset"]
    assert "in 3 answers" in told["reasoning"]
    assert "label_accuracy, macro_f1 (a closed set" in told["metrics"]
    assert "40 characters" in told["pieces"]
