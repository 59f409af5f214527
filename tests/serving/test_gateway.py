"""One request through an engine: the conversation as in training, channels, limits, the log's line in every outcome."""

import asyncio
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from r1tailor.inference.sampling import Sampling
from r1tailor.serving.access import Identity
from r1tailor.serving.engine import Ask, Turn
from r1tailor.serving.gateway import Gateway, conversation
from r1tailor.serving.refusals import Refused
from tests.support.serving import ANSWER, Scripted, Shelf, application, gateway

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


def test_an_answer_is_whole_and_in_the_log_before_its_end_is_sent(tmp_path: Path) -> None:
    with gateway(tmp_path) as harness:
        lines: list[int] = []

        async def asked() -> None:
            async with aclosing(harness.context.gateway.stream(ME, QUESTION, "r1")) as deltas:
                lines.extend([len(harness.lines()) async for delta in deltas if delta.finish])

        asyncio.run(asked())
        assert lines == [1]
        (line,) = harness.lines()
        assert (line["user"], line["key"], line["decision"], line["request"]) == ("ana", "0a1b2c3d", "answered", "r1")
        assert line["tokens"] == len(range(0, len(ANSWER), 3))
        assert "prompt_text" not in line
        assert harness.engine.asked[0].sampling.max_answer_tokens == 1024


def _asked(gateway_: Gateway, ask: Ask = QUESTION, who: Identity = ME) -> str:
    return asyncio.run(gateway_.answer(who, ask, "r")).content


def test_several_choices_have_seeds_of_their_own(tmp_path: Path) -> None:
    shelf = Shelf(engines={Shelf.current: Scripted(write=lambda ask: f"seed {ask.sampling.seed}")})
    with gateway(tmp_path, shelf=shelf) as harness:
        found = {}

        async def asked() -> None:
            ask = Ask(turns=QUESTION.turns, sampling=Sampling(temperature=1, seed=2**32 - 1))
            async with aclosing(harness.context.gateway.stream(ME, ask, "r", choices=3)) as deltas:
                async for delta in deltas:
                    found[delta.index] = delta.answer.content

        asyncio.run(asked())
        assert found == {0: "seed 4294967295", 1: "seed 0", 2: "seed 1"}
        assert len(harness.lines()) == 1


@pytest.mark.parametrize("choices", [1, 3])
def test_who_goes_away_ends_the_work_and_is_in_the_log(choices: int, tmp_path: Path) -> None:
    shelf = Shelf(engines={Shelf.current: Scripted(write=lambda _: "a" * 3000, pause=0.001)})
    _, context = application(tmp_path, shelf)

    async def asked() -> None:
        ask = Ask(turns=QUESTION.turns, sampling=Sampling(temperature=1))
        async with aclosing(context.gateway.stream(ME, ask, "r", choices=choices)) as deltas:
            async for _ in deltas:
                break
        assert shelf.engines[Shelf.current].active == 0
        assert context.gateway.limiter.active == 0
        await asyncio.gather(*context.gateway._background)

    asyncio.run(asked())
    (line,) = context.audit.log.entries()
    assert (line["decision"], line["status"]) == ("disconnected", 499)


def test_an_answer_that_takes_too_long_ends(tmp_path: Path) -> None:
    shelf = Shelf(engines={Shelf.current: Scripted(pause=5)})
    _, context = application(tmp_path, shelf, "serving.limits.answer_seconds=0.05")
    with pytest.raises(Refused, match=r"the answer took longer than 0\.05 s") as caught:
        _asked(context.gateway)
    assert caught.value.status == 504


def test_an_engine_that_breaks_down_is_in_the_log(tmp_path: Path) -> None:
    shelf = Shelf(engines={Shelf.current: Scripted(write=lambda _: 1 / 0)})  # type: ignore[arg-type, return-value]
    with gateway(tmp_path, shelf=shelf) as harness:
        got = harness.ask()
        assert (got.status_code, got.json()["error"]["code"]) == (500, "internal")
        assert "ZeroDivision" not in got.text
        streamed = harness.ask(stream=True)
        assert "[DONE]" not in streamed.text
        time.sleep(0.05)
        assert {line["decision"] for line in harness.lines()} == {"failed"}


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


def test_a_shadow_that_is_slow_or_broken_delays_nobody(tmp_path: Path) -> None:
    shelf = Shelf(engines={SECOND: Scripted(pause=0.2)})
    _, context = application(tmp_path, shelf, f"serving.channels.shadow={SECOND}", "serving.limits.burst=100")

    async def asked() -> None:
        for _ in range(12):
            await context.gateway.answer(ME, QUESTION, "r")
        assert len([task for task in context.gateway._background if not task.done()]) == 8
        for task in context.gateway._background:
            task.cancel()
        await asyncio.gather(*context.gateway._background, return_exceptions=True)

    asyncio.run(asked())
    assert "r1tailor_shadow_dropped_total 4.0" in context.metrics.text().decode()


def test_what_is_limited_is_in_the_log_with_the_seconds_to_wait(tmp_path: Path) -> None:
    with gateway(tmp_path, "serving.limits.burst=1", "serving.limits.requests_per_minute=1") as harness:
        assert harness.ask().status_code == 200
        got = harness.ask()
        assert (got.status_code, got.json()["error"]["type"]) == (429, "rate_limit_error")
        assert 1 <= int(got.headers["retry-after"]) <= 60
        assert harness.ask(headers=harness.key("user", "other")).status_code == 200
        time.sleep(0.05)
        assert [line["decision"] for line in harness.lines()].count("limited") == 1
