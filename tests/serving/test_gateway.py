"""One request through an engine: the conversation as in training, channels, limits, the log's line in every outcome."""

import asyncio
import time
from pathlib import Path

import pytest

from r1tailor.serving.access import Identity
from r1tailor.serving.engine import Ask, Turn
from r1tailor.serving.gateway import Gateway, conversation
from r1tailor.serving.refusals import Refused
from tests.support.serving import Scripted, Shelf, application, gateway

ME = Identity("ana", "user", "0a1b2c3d")
QUESTION = Ask(turns=(Turn("user", "Which code?"),))
SECOND = "toy-2-0000000000"


def test_the_instruction_opens_the_first_turn_as_in_training() -> None:
    turns = [Turn("user", "a"), Turn("assistant", "<think>x</think>\n\nb"), Turn("user", "c")]
    made = conversation(turns, "Name the code.")
    assert [(turn.role, turn.content) for turn in made] == [
        ("user", "Name the code.\n\na"),
        ("assistant", "b"),
        ("user", "c"),
    ]
    given = conversation([Turn("system", "Be brief."), Turn("user", "a")], "Name the code.")
    assert given == (Turn("user", "Be brief.\n\na"),)
    assert conversation([Turn("user", "a")], "") == (Turn("user", "a"),)


def test_without_an_instruction_of_the_task_a_system_turn_stays_one_as_in_training() -> None:
    turns = [Turn("system", "Be brief."), Turn("user", "a"), Turn("assistant", "<think>x</think>b"), Turn("user", "c")]
    made = conversation(turns, "")
    assert [(turn.role, turn.content) for turn in made] == [
        ("system", "Be brief."),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "c"),
    ]


def _asked(gateway_: Gateway, ask: Ask = QUESTION, who: Identity = ME) -> str:
    return asyncio.run(gateway_.answer(who, ask, "r")).content


def test_an_answer_that_takes_too_long_ends(tmp_path: Path) -> None:
    shelf = Shelf(engines={Shelf.current: Scripted(pause=5)})
    _, context = application(tmp_path, shelf, "serving.limits.answer_seconds=0.05")
    with pytest.raises(Refused, match=r"the answer took longer than 0\.05 s") as caught:
        _asked(context.gateway)
    assert caught.value.status == 504


def test_a_canary_answers_its_share_of_users_and_the_same_ones_each_time(tmp_path: Path) -> None:
    shelf = Shelf(engines={SECOND: Scripted(write=lambda _: "canary")})
    _, context = application(tmp_path, shelf, f"serving.channels.canary={SECOND}", "serving.channels.canary_share=0.3")

    async def asked() -> list[list[str]]:
        users = [Identity(f"user{n}", "user", f"{n}") for n in range(60)]
        return [[(await context.gateway.answer(user, QUESTION, "r")).channel for user in users] for _ in range(2)]

    first, again = asyncio.run(asked())
    assert first == again
    assert 8 <= first.count("canary") <= 30
    lines = list(context.audit.log.entries())
    assert {line["version"] for line in lines if line["channel"] == "canary"} == {SECOND}


def test_a_shadow_is_asked_and_logged_and_never_shown(tmp_path: Path) -> None:
    shelf = Shelf(engines={SECOND: Scripted(write=lambda _: "shadow")})
    with gateway(tmp_path, f"serving.channels.shadow={SECOND}", shelf=shelf) as harness:
        assert harness.ask().json()["choices"][0]["message"]["content"] == "It is I21.4."
        deadline = time.monotonic() + 5
        while len(harness.lines()) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        lines = {line["channel"]: line for line in harness.lines()}
        assert lines["shadow"]["version"] == SECOND
        assert lines["shadow"]["request"] == lines["served"]["request"]
        assert lines["shadow"]["answer"] != lines["served"]["answer"]


@pytest.mark.parametrize("channel", ["shadow", "canary"])
def test_a_channel_without_a_candidate_answers_nothing_twice(channel: str, tmp_path: Path) -> None:
    """Without a candidate ``<domain>@shadow`` and ``@canary`` mean the served version."""
    with gateway(tmp_path, f"serving.channels.{channel}={Shelf.current}", "serving.channels.canary_share=1") as harness:
        asyncio.run(harness.context.gateway.answer(ME, QUESTION, "r1"))
        (line,) = harness.lines()
        assert line["channel"] == "served"


def test_a_shadow_that_is_slow_or_broken_delays_nobody(tmp_path: Path) -> None:
    shelf = Shelf(engines={SECOND: Scripted(pause=0.2)})
    _, context = application(tmp_path, shelf, f"serving.channels.shadow={SECOND}", "serving.limits.burst=100")

    async def asked() -> None:
        for _ in range(12):
            await context.gateway.answer(ME, QUESTION, "r")
        assert len([task for task in context.gateway._ledger.background if not task.done()]) == 8
        for task in context.gateway._ledger.background:
            task.cancel()
        await asyncio.gather(*context.gateway._ledger.background, return_exceptions=True)

    asyncio.run(asked())
    assert "r1tailor_shadow_dropped_total 4.0" in context.metrics.text().decode()
