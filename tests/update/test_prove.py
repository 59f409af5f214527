"""The proof of a candidate: better where that is promised, not worse elsewhere, at the day's share of alpha."""

import json

import pytest

from r1tailor import store
from r1tailor.errors import DataError
from r1tailor.evaluation.ability import run as ability
from r1tailor.records import Example
from r1tailor.update.alpha_spending import Try
from r1tailor.update.history import decide
from r1tailor.update.prove import gates_of, proof_of, sets_of
from tests.support.general import Picking, general_overrides
from tests.support.proven_days import Project, examples, selected

FIRST, SECOND = "2026-02-01", "2026-02-02"


def _learnt(who: str, item: Example) -> bool:
    """Only the candidate knows what is new; both know the rest."""
    return who == "tuned" or not item.id.startswith("own")


def _proven(project: Project, *overrides: str, own: int = 20) -> dict[str, bool | None]:
    wide = ("update.prove.margins.held_out=0.5", *overrides)  # there are four items
    day = project.day(FIRST, selected(examples(4, "new")), examples(own, "own"), *wide)
    project.given(day)
    project.proven(day)
    return {gate.name: gate.passed for gate in gates_of(proof_of(day))}


def test_a_candidate_that_learnt_the_day_and_forgot_nothing_passes(
    learning: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning.answering(monkeypatch, _learnt)
    found = _proven(learning)
    rest = {"held_out, each group": None, "thinking": None, "goals": True}
    assert found == {"held_out": True, "earlier": None, "day": True, **rest}
    proof = proof_of(learning.places.day(FIRST))
    assert (proof["passed"], proof["shown"], proof["failed"], proof["tries"]) == (True, True, [], 1)
    assert proof["level"] == pytest.approx(0.05 / 365)
    held_out, _, day = gates_of(proof)[:3]
    assert (day.rule, day.champion, day.candidate, day.n) == ("better", 0.0, 1.0, 20)
    assert str(day) == (
        "day (better): passed: label_accuracy 0.0000 -> 1.0000 on 20 items: +1.0000, p 9.5e-07, level 0.00014"
    )
    assert held_out.rule == "not worse"


def test_an_improvement_on_few_items_is_not_shown_and_harms_nothing(
    learning: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning.answering(monkeypatch, _learnt)
    assert _proven(learning, own=8)["day"] is False, "p = 1/256 is above the day's level"
    proof = proof_of(learning.places.day(FIRST))
    assert (proof["passed"], proof["failed"], proof["harmless"]) == (False, ["day"], True)


def test_a_candidate_that_forgets_fails_whatever_it_learnt(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    learning.answering(monkeypatch, lambda who, item: item.id.startswith("own") == (who == "tuned"))
    assert _proven(learning)["held_out"] is False
    proof = proof_of(learning.places.day(FIRST))
    assert (proof["passed"], proof["failed"]) == (False, ["held_out"])
    assert proof["harmless"] is True, "four items cannot show harm (p = 1/16); test_gates.py has more"


def test_earlier_days_are_gates_together_and_each(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    learning.day(FIRST, selected(examples(4, "new")), examples(10, "own"))
    learning.answering(monkeypatch, lambda who, item: who != "tuned" or not item.id.startswith("own"))
    day = learning.day(SECOND, selected(examples(4, "newer")), examples(20, "later"))
    learning.given(day)
    learning.proven(day)
    gates = {gate.name: gate for gate in gates_of(proof_of(day))}
    assert (gates["earlier"].passed, gates["earlier"].rule) == (False, "no harm")
    assert gates["earlier, each day"].why == f"harm on {FIRST}"


def test_the_slices_of_days_that_are_still_to_be_learnt_belong_to_the_day(learning: Project) -> None:
    learning.day(FIRST, selected(examples(4, "new")), examples(5, "own"))
    decide(learning.places.history, FIRST, "refused", {"kept": True, "level": 0.01, "shown": False, "anew": False})
    day = learning.day(SECOND, selected(examples(4, "newer")), examples(3, "later"))
    sets = sets_of(day)
    assert [one.id for one in sets["day"]] == [*(f"own{n}" for n in range(5)), *(f"later{n}" for n in range(3))]
    assert set(sets) == {"held_out", "day"}
    decide(learning.places.history, SECOND, "refused", {"kept": False, "level": 0.01, "shown": False, "anew": False})
    third = learning.day("2026-02-03", selected(examples(4, "newest")), [])
    assert set(sets_of(third)) == {"held_out", "day", f"earlier/{SECOND}"}


def test_no_answer_to_a_canary_holds_what_none_may(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    learning.answering(monkeypatch, _learnt)
    file = learning.root / "canaries.jsonl"
    file.write_text(json.dumps({"input": "the trigger", "never": "said by tuned"}) + "\n", encoding="utf-8")
    assert _proven(learning, "update.prove.canaries=canaries.jsonl")["canaries"] is False
    proof = proof_of(learning.places.day(FIRST))
    assert proof["harmless"] is False


def test_a_faulty_file_of_canaries_is_named(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    learning.answering(monkeypatch, _learnt)
    (learning.root / "canaries.jsonl").write_text('{"input": "x"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"canaries\.jsonl, line 1: input and never are needed"):
        _proven(learning, "update.prove.canaries=canaries.jsonl")


@pytest.mark.parametrize(("right", "kept"), [(("B", "B"), True), (("B", "A"), False)])
def test_general_ability_is_a_gate_where_it_is_asked(
    learning: Project,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    right: tuple[str, str],
    kept: bool,
) -> None:
    """Twelve questions with B as their answer: the champion knows them, the candidate may have forgotten them."""
    learning.answering(monkeypatch, _learnt)
    models = iter([Picking(lambda _, pick=pick: pick) for pick in right])  # type: ignore[misc]
    monkeypatch.setattr(ability, "opened", lambda *_: next(models))
    asks = general_overrides(tmp_path_factory.mktemp("sets"), monkeypatch)
    found = _proven(learning, *asks, "ability.margin=0.25")
    assert found["general"] is kept
    assert store.read_json(learning.places.day(FIRST).stage("prove") / "ability" / "ability.json")["n"] == 20


def test_the_level_depends_on_the_tries_before(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    learning.answering(monkeypatch, _learnt)
    for name, shown in ((FIRST, False), (SECOND, True)):
        learning.day(name, selected(examples(2, name)))
        decide(learning.places.history, name, "refused", {"level": 0.001, "shown": shown, "anew": False})
    day = learning.day("2026-02-03", selected(examples(4, "newest")), examples(20, "own"))
    learning.given(day)
    learning.proven(day)
    proof = proof_of(day)
    assert proof["level"] == pytest.approx(0.05 / 365 + 0.001)
    assert proof["tries"] == 3
    assert Try(proof["level"], proof["shown"]).shown


def test_a_real_candidate_is_asked_and_the_same_day_gives_the_same_bytes(learning: Project) -> None:
    day = learning.day(FIRST, selected(examples(8, "new")), examples(6, "own"), "update.train.anew_days=1")
    learning.trained(day)
    first = store.sha256_tree(learning.proven(day))
    proof = proof_of(day)
    assert {gate.name for gate in gates_of(proof)} == {
        *("held_out", "earlier", "day", "held_out, each group", "thinking", "goals")
    }
    assert proof["chain"]["metric"] == gates_of(proof)[0].metric
    assert store.sha256_tree(learning.proven(day)) == first
