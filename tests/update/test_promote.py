"""What becomes of a proven candidate: channels, a person's yes, control limits, and the way back."""

from dataclasses import replace

import pytest

from r1tailor.errors import UserError
from r1tailor.update.history import decisions, entries
from r1tailor.update.learn import advanced
from r1tailor.update.promote import advance, conclude, reconcile, roll_back, waiting, watch
from tests.support.proven_days import Project, examples, selected
from tests.support.toy_run import NAME, toy_settings

DAY, NEXT = "2026-02-01", "2026-02-02"


def _with(project: Project, *overrides: str) -> Project:
    return replace(project, settings=toy_settings(project.root, *overrides))


def _automatic(project: Project, *overrides: str) -> Project:
    return _with(project, "update.promote.mode=automatic", "update.promote.channels=[]", *overrides)


def _promoted(project: Project, monkeypatch: pytest.MonkeyPatch, name: str = DAY, prefix: str = "new") -> str:
    day = project.passed(monkeypatch, name, prefix)
    conclude(day, project.root)
    step = advance(project.settings, project.root, yes=True)
    assert step is not None
    assert step.state == "promoted", step
    return str(project.registry.current(NAME))


def test_a_refused_candidate_is_no_version_and_its_reasons_are_kept(
    learning: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ("own3", "own13")
    learning.answering(monkeypatch, lambda who, item: "own" not in item.id or (who == "tuned" and item.id in few))
    day = learning.day(DAY, selected(examples(4, "new")), examples(20, "own"), "update.prove.margins.held_out=0.5")
    learning.given(day)
    learning.proven(day)
    step = conclude(day, learning.root)
    assert (step.state, step.told) == ("refused", "failed: day; its material is learnt with the next day's")
    last = entries(learning.places.history)[-1]
    assert (last["kept"], last["shown"], last["reason"]) == (True, False, "failed: day")
    assert last["gates"]["day"]["p"] == 0.25
    assert len(learning.registry.versions(NAME)) == 1
    assert conclude(day, learning.root).state == "refused", "it is decided once"
    assert len(entries(learning.places.history)) == 1


def test_a_candidate_that_is_only_registered_is_not_what_the_domain_means(
    learning: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _with(learning, "update.promote.mode=confirm", "update.promote.channels=[]")
    day = project.passed(monkeypatch, DAY, "new")
    assert project.registry.current(NAME) is None
    assert conclude(day, project.root).state == "waiting"
    assert project.registry.current(NAME) == day.champion.version
    step = advance(project.settings, project.root, yes=False)
    assert step is not None
    assert step.told.endswith(f"waits for a yes: r1tailor update promote {NAME}")
    found = waiting(project.places)
    assert found is not None
    step = advance(project.settings, project.root, yes=True)
    assert step is not None
    assert (step.state, project.registry.current(NAME)) == ("promoted", found[1])
    told = project.registry.history(NAME)[-1]
    assert told["reason"] == f"proven on day {DAY}"
    assert told["numbers"]["gates"]["day"]["candidate"] == 1.0
    assert decisions(project.places.history) == {DAY: "promoted"}
    assert advance(project.settings, project.root, yes=True) is None


def test_channels_wait_for_answers_and_then_hand_on(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _with(learning, "update.promote.mode=automatic", "update.promote.requests=60")
    day = project.passed(monkeypatch, DAY, "new")
    conclude(day, project.root)
    (shadow,) = [
        step for step in advanced(project.settings, project.root, yes=False) if "has answered" not in step.told
    ]
    assert shadow.told == f"r1tailor serve {NAME} serving.channels.shadow={NAME}@shadow asks it"
    _, id_ = waiting(project.places) or (None, "")
    assert project.registry.in_channel(NAME, "shadow") == id_
    project.audited(day.champion.version, 100)
    project.audited(id_, 59, "shadow")
    step = advance(project.settings, project.root, yes=False)
    assert step is not None
    assert step.told == f"{id_} has answered 59 of 60 requests there"
    project.audited(id_, 1, "shadow")
    step = advance(project.settings, project.root, yes=False)
    assert step is not None
    assert (step.state, project.registry.in_channel(NAME, "canary")) == ("canary", id_)
    assert "serving.channels.canary_share=0.1" in step.told
    project.audited(id_, 60, "canary")
    step = advance(project.settings, project.root, yes=False)
    assert step is not None
    assert step.state == "promoted"


def test_a_candidate_out_of_control_in_its_channel_is_refused(
    learning: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _with(learning, "update.promote.mode=automatic", "update.promote.channels=[canary]")
    day = project.passed(monkeypatch, DAY, "new")
    conclude(day, project.root)
    advance(project.settings, project.root, yes=False)
    _, id_ = waiting(project.places) or (None, "")
    project.audited(day.champion.version, 200)
    project.audited(id_, 200, "canary", truncated=True)
    step = advance(project.settings, project.root, yes=False)
    assert step is not None
    assert step.state == "refused"
    assert step.told.startswith("truncated: 1.0000 of 200 answers")
    assert project.registry.in_channel(NAME, "canary") is None
    assert entries(project.places.history)[-1]["kept"] is False


def test_another_promotion_meanwhile_ends_the_trial_and_keeps_the_material(
    learning: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _automatic(learning)
    first = project.passed(monkeypatch, DAY, "new")
    conclude(first, project.root)
    second = project.passed(monkeypatch, NEXT, "newer")
    conclude(second, project.root)
    step = advance(project.settings, project.root, yes=False)
    assert step is not None
    assert (step.day, step.state) == (NEXT, "promoted")
    assert decisions(project.places.history) == {DAY: "promoted", NEXT: "promoted"}, "it learnt the first day, too"


def test_a_promotion_that_was_interrupted_is_finished(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _automatic(learning)
    day = project.passed(monkeypatch, DAY, "new")
    conclude(day, project.root)
    with monkeypatch.context() as patch:
        patch.setattr("r1tailor.update.promote.decide", lambda *_: (_ for _ in ()).throw(OSError("power")))
        with pytest.raises(OSError, match="power"):
            advance(project.settings, project.root, yes=False)
    assert decisions(project.places.history) == {DAY: "proven"}
    step = advance(project.settings, project.root, yes=False)
    assert step is not None
    assert step.state == "promoted"
    assert decisions(project.places.history) == {DAY: "promoted"}


def test_a_promotion_out_of_control_is_rolled_back_with_its_days(
    learning: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _automatic(learning)
    before = project.day("2026-01-01", []).champion.version
    id_ = _promoted(project, monkeypatch)
    assert watch(project.settings, project.root)[1] is None
    project.audited(before, 200)
    project.audited(id_, 60)
    assert [one.raised for one in watch(project.settings, project.root)[0]] == [False] * 4
    project.audited(id_, 200, refused=True)
    alarms, step = watch(project.settings, project.root)
    assert [one.signal for one in alarms if one.raised] == ["refused"]
    assert step is not None
    assert project.registry.current(NAME) == before
    last = project.registry.history(NAME)[-1]
    assert (last["action"], last["numbers"]["signals"][2]["raised"]) == ("rollback", True)
    assert decisions(project.places.history)[DAY] == "rolled_back"
    assert project.day(NEXT, selected(examples(1, "x"))).facts["trained"] == {}, "its data left the training set"
    assert watch(project.settings, project.root) == ([], None)


def test_a_rollback_in_the_registry_takes_the_data_out_as_well(
    learning: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _automatic(learning)
    _promoted(project, monkeypatch)
    project.registry.rollback(NAME, reason="a complaint")
    assert reconcile(project.places, project.registry, NAME) == [DAY]
    assert decisions(project.places.history)[DAY] == "rolled_back"
    assert reconcile(project.places, project.registry, NAME) == []
    with pytest.raises(UserError, match="was not promoted by an update"):
        roll_back(project.settings, project.root, "again")


def test_a_rollback_by_hand_goes_to_the_champion_before(learning: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project = _automatic(learning)
    first = _promoted(project, monkeypatch)
    _promoted(project, monkeypatch, NEXT, "newer")
    step = roll_back(project.settings, project.root, "a complaint")
    assert (step.day, project.registry.current(NAME)) == (NEXT, first)
    assert decisions(project.places.history) == {DAY: "promoted", NEXT: "rolled_back"}
