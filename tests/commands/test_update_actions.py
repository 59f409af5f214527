"""``r1tailor update ACTION DOMAIN``: which actions there are, and which options they take."""

import argparse
from pathlib import Path

import pytest

from r1tailor import config
from r1tailor.commands import update, update_actions
from r1tailor.errors import UserError


def _parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    update.add(parser.add_subparsers())
    return parser.parse_args(["update", *arguments])


def _act(*arguments: str) -> None:
    parsed = _parsed(*arguments)
    update_actions.act(parsed.domain, config.load([]), parsed)


def test_an_unknown_action_lists_those_there_are() -> None:
    with pytest.raises(
        UserError, match=r"the actions are promote, watch, rollback, forget, page\. Did you mean forget\?"
    ):
        _act("forgett", "medical")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("promote", "medical", "--user", "ann"), "--user belongs to: r1tailor update forget DOMAIN"),
        (("medical", "--reason", "x"), "--reason belongs to: r1tailor update rollback DOMAIN"),
        (("watch", "medical", "--day", "2026-01-01"), "update watch: it takes no --day"),
        (("page", "medical", "--every", "24h"), "update page: --stage and --every belong to a day"),
    ],
)
def test_an_option_of_another_action_is_refused(arguments: tuple[str, ...], message: str) -> None:
    parsed = _parsed(*arguments)
    action = parsed.domain if parsed.of else ""
    with pytest.raises(UserError, match=message):
        update_actions.refuse_options(parsed, action)


def test_actions_run_in_the_project_of_their_domain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    _act("promote", "medical")
    _act("watch", "medical")
    _act("page", "medical", "--language", "zh")
    with pytest.raises(UserError, match="nothing is known of user 'ann'"):
        _act("forget", "medical", "--user", "ann")
    with pytest.raises(UserError, match="was not promoted by an update"):
        _act("rollback", "medical")
    told = capsys.readouterr().out
    assert "update: no candidate of medical waits" in told
    assert "update: no version that an update promoted serves" in told
    assert "update: outputs/medical/update/days.html" in told
