"""What a user or a day brought is deleted everywhere; what learnt from it is withdrawn and learnt again without it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.errors import UserError
from r1tailor.serving.feedback.log import FeedbackLog, Texts
from r1tailor.update.forget import forget
from r1tailor.update.history import decisions, entries
from r1tailor.update.learn import advanced
from r1tailor.update.promote import conclude
from r1tailor.update.standing import pending
from tests.support.proven_days import Project
from tests.support.toy_run import NAME, toy_settings

FIRST, SECOND = "2026-02-01", "2026-02-02"


@pytest.fixture
def two(learning: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Project:
    """Two days, both promoted; ann gave the first one's material, bob the second's."""
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))
    settings = toy_settings(learning.root, "update.promote.mode=automatic", "update.promote.channels=[]")
    project = replace(learning, settings=settings)
    for name, prefix, user in ((FIRST, "ann", "ann"), (SECOND, "bob", "bob")):
        conclude(project.passed(monkeypatch, name, prefix, user), project.root)
        assert advanced(project.settings, project.root, yes=False)[-1].state == "promoted"
    return project


def _holding(project: Project, text: str) -> list[str]:
    """Return the files of a project that hold a text."""
    found = subprocess.run(["grep", "-rl", text, str(project.root)], capture_output=True, text=True, check=False)
    return sorted(str(Path(line).relative_to(project.root)) for line in found.stdout.splitlines())


def test_a_user_is_in_no_file_and_no_version_afterwards(two: Project) -> None:
    base, of_ann, of_bob = two.registry.versions(NAME)
    assert _holding(two, "bob thing")
    found = forget(two.settings, two.root, user="bob")
    assert (found.days, found.learnt, found.withdrawn) == ([SECOND], [SECOND], [of_bob.id])
    assert _holding(two, "bob thing") == []
    assert two.registry.current(NAME) == of_ann.id
    assert not two.registry.is_withdrawn(base)
    assert _holding(two, "ann thing"), "others stay"
    last = [one for one in entries(two.places.history) if one["decision"] == "forgotten"]
    assert len(last[0]["items"]) == 4
    assert "bob" not in (two.places.history).read_text("utf-8").replace(of_bob.id, "")


def test_what_was_trained_later_is_withdrawn_too_and_learnt_again_without(two: Project) -> None:
    base, of_ann, of_bob = two.registry.versions(NAME)
    found = forget(two.settings, two.root, day=FIRST)
    assert found.withdrawn == [of_ann.id, of_bob.id]
    assert two.registry.current(NAME) == base.id
    assert _holding(two, "ann thing") == []
    assert _holding(two, "annown thing") == [], "its slice is no text to keep, either"
    assert found.again == [SECOND]
    assert pending(entries(two.places.history)) == [SECOND]
    assert decisions(two.places.history) == {FIRST: "forgotten", SECOND: "refused"}
    assert not (two.places.days / SECOND / "train" / "model").exists()
    assert [one.material.example.id for one in two.places.day(SECOND).selected()] == [f"bob{n}" for n in range(4)]


def test_the_texts_of_feedback_go_with_their_user(two: Project) -> None:
    log = FeedbackLog(two.root / two.settings.serving.folder / "feedback" / NAME)
    ids = [log.add(Texts("q", "a", "", f"words of {user}"), user, "v", "") for user in ("ann", "carl")]
    found = forget(two.settings, two.root, user="carl")
    assert (found.items, found.feedback, found.withdrawn) == ([], [ids[1]], [])
    assert _holding(two, "words of carl") == []
    assert _holding(two, "words of ann")
    assert log.verify() == []
    assert [record.texts is None for record in log.records()] == [False, True]


def test_an_interrupted_forgetting_is_finished_by_doing_it_again(two: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("r1tailor.update.forget._without", lambda file, ids: (_ for _ in ()).throw(OSError("power")))
        with pytest.raises(OSError, match="power"):
            forget(two.settings, two.root, user="bob")
    forget(two.settings, two.root, user="bob")
    assert _holding(two, "bob thing") == []


def test_nothing_known_and_unclear_requests_are_refused(two: Project) -> None:
    with pytest.raises(UserError, match="nothing is known of user 'carl'"):
        forget(two.settings, two.root, user="carl")
    with pytest.raises(UserError, match="give --day or --user, one of them"):
        forget(two.settings, two.root)
    with pytest.raises(UserError, match="no day '2026-12-24'"):
        forget(two.settings, two.root, day="2026-12-24")


def test_the_commands_for_remotes_are_told(two: Project) -> None:
    (two.root / ".dvc").mkdir()
    (two.root / ".dvc" / "config").write_text("['remote \"hospital\"']\n    url = s3://x\n", encoding="utf-8")
    found = forget(two.settings, two.root, user="bob")
    assert found.by_hand == ["dvc gc --workspace", "dvc gc --workspace --cloud --remote hospital"]
    assert any("registry gc --withdrawn" in line for line in found.lines())
