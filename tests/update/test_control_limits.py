"""Live signals: a version that changed nothing keeps its place, one that got worse is found."""

from r1tailor.schema.update import Control
from r1tailor.update.control_limits import Answered, Signal, alarm, alarms, answers, signals
from tests.benchmarks import alpha_spending as simulated

CONTROL = Control(alpha=0.01, correction_rate=0.05, truncation_rate=0.05, refusal_rate=0.05, latency_factor=1.5)


def _answered(count: int, seconds: float = 1.0, *, truncated: bool = False, refused: bool = False) -> list[Answered]:
    return [Answered(f"2026-01-01T00:{n // 60:02}:{n % 60:02}", seconds, truncated, refused) for n in range(count)]


def test_a_rate_that_did_not_rise_raises_no_alarm_and_one_that_did_is_found() -> None:
    """A sample of ``tests/benchmarks/alpha_spending.py``: 40 rollouts of each kind."""
    assert simulated.alarms(40, 600, before=0.1, after=0.1, margin=0.0) == 0.0
    assert simulated.alarms(20, 600, before=0.05, after=0.3, margin=0.05) == 1.0


def test_each_signal_has_its_limit() -> None:
    before = _answered(500)
    for live, name in (
        (_answered(300, truncated=True), "truncated"),
        (_answered(300, refused=True), "refused"),
        (_answered(300, 1.6), "slow"),
    ):
        raised = [one.signal for one in alarms(signals(before, live, {}, CONTROL), CONTROL.alpha) if one.raised]
        assert raised == [name]
    usual = alarms(signals(before, _answered(300, 1.4), {}, CONTROL), CONTROL.alpha)
    assert [one.raised for one in usual] == [False] * 4
    assert "slow: 0.0000 of 300 answers (before 0.0000, limit 0.5000): in control" in map(str, usual)


def test_nobody_rolls_a_version_back_alone() -> None:
    before, live = _answered(500), _answered(300)
    corrections = [(one.at, f"user{n if n % 2 else 'x'}") for n, one in enumerate(live)]
    by_one = signals(before, live, {"live": [(at, "x") for at, _ in corrections]}, CONTROL)
    assert sum(by_one[0].live) == 3
    by_many = signals(before, live, {"live": corrections}, CONTROL)
    assert sum(by_many[0].live) == 153
    assert [one.raised for one in alarms(by_many, CONTROL.alpha)] == [True, False, False, False]


def test_without_answers_before_there_is_no_limit() -> None:
    found = alarm(Signal("refused", (True,) * 5, (True,) * 500, 0.05), 0.01)
    assert (found.limit, found.raised) == (None, False)
    assert "no limit yet" in str(found)


def test_answers_are_read_from_the_lines_of_chats_that_were_answered() -> None:
    line = {"at": "2026-01-01", "what": "chat", "decision": "answered", "version": "a", "seconds": 1.5}
    line |= {"truncated": True, "refused": False, "channel": "served"}
    lines = [line, line | {"what": "warning"}, line | {"decision": "failed"}, {**line, "version": "b"}]
    shadow = {**line, "version": "c", "channel": "shadow"}
    assert list(answers([line, shadow], ["shadow"])) == ["c"]
    lines.append(shadow)
    old = {key: value for key, value in line.items() if key != "seconds"}
    assert answers([*lines, old]) == {name: [Answered("2026-01-01", 1.5, True, False)] for name in ("a", "b")}
