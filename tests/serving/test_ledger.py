"""The log has a line of each request, however it ends."""

import asyncio
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from r1tailor.inference.sampling import Sampling
from r1tailor.serving.engine import Ask
from tests.serving.test_gateway import ME, QUESTION
from tests.support.serving import ANSWER, Scripted, Shelf, application, gateway


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


@pytest.mark.parametrize(
    ("text", "refused"), [("I'm sorry, but I can't help with that.", True), ("It is I21.4.", False)]
)
def test_a_line_has_the_live_signals_of_its_answer(text: str, refused: bool, tmp_path: Path) -> None:
    shelf = Shelf(engines={Shelf.current: Scripted(write=lambda _: text)})
    with gateway(tmp_path, shelf=shelf) as harness:
        asyncio.run(harness.context.gateway.answer(ME, QUESTION, "r1"))
        (line,) = harness.lines()
        assert (line["refused"], line["truncated"]) == (refused, False)
        assert 0 <= line["seconds"] < 60


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
        await asyncio.gather(*context.gateway._ledger.background)

    asyncio.run(asked())
    (line,) = context.audit.log.entries()
    assert (line["decision"], line["status"]) == ("disconnected", 499)


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


def test_what_is_limited_is_in_the_log_with_the_seconds_to_wait(tmp_path: Path) -> None:
    with gateway(tmp_path, "serving.limits.burst=1", "serving.limits.requests_per_minute=1") as harness:
        assert harness.ask().status_code == 200
        got = harness.ask()
        assert (got.status_code, got.json()["error"]["type"]) == (429, "rate_limit_error")
        assert 1 <= int(got.headers["retry-after"]) <= 60
        assert harness.ask(headers=harness.key("user", "other")).status_code == 200
        time.sleep(0.05)
        assert [line["decision"] for line in harness.lines()].count("limited") == 1
