"""The local engine: the answers of evaluation, token by token; what waits together is written together."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.records import Example
from r1tailor.serving import local
from r1tailor.serving.engine import Ask, Piece, Turn
from r1tailor.serving.local import LocalEngine
from r1tailor.serving.prompts import prompted
from r1tailor.serving.refusals import Refused
from tests.support.toy_answerers import answerer


@pytest.fixture(scope="module")
def model() -> LocalAnswerer:
    return answerer()


@pytest.fixture
def engine(model: LocalAnswerer) -> Iterator[LocalEngine]:
    made = LocalEngine(model, 4)
    yield made
    asyncio.run(made.close())


async def _pieces(engine: LocalEngine, ask: Ask) -> list[Piece]:
    async with aclosing(engine.stream(ask)) as pieces:
        return [piece async for piece in pieces]


def _asked(text: str, length: int = 9) -> Ask:
    return Ask(turns=(Turn("user", text),), sampling=Sampling(length))


def test_an_answer_is_that_of_evaluation(engine: LocalEngine, model: LocalAnswerer) -> None:
    texts = [f"item {number}" for number in range(6)]
    expected = [answer.text for answer in model.answer([Example("e", "", text, "") for text in texts], Sampling(9))]

    async def all_of_them() -> list[list[Piece]]:
        return await asyncio.gather(*(_pieces(engine, _asked(text)) for text in texts))

    found = asyncio.run(all_of_them())
    assert ["".join(piece.text for piece in pieces).strip() for pieces in found] == expected
    assert all(pieces[-1].finish in ("stop", "length") for pieces in found)
    assert all(0 < sum(piece.tokens for piece in pieces) <= 9 for pieces in found)
    assert found[0][0].prompt_tokens > 5


def test_what_waits_together_is_written_together(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    stream = local.stream
    monkeypatch.setattr(local, "stream", lambda m, t, wanted, e: sizes.append(len(wanted)) or stream(m, t, wanted, e))

    async def all_of_them() -> None:
        await asyncio.gather(*(_pieces(engine, _asked(f"item {number}")) for number in range(9)))

    asyncio.run(all_of_them())
    assert sum(sizes) == 9
    assert max(sizes) == 4


def test_the_name_of_a_control_token_is_text(engine: LocalEngine) -> None:
    end = engine._tokenizer.tokenizer.decode([engine._tokenizer.end])
    (ids, _), (plain, _) = (prompted(_asked(text), engine._tokenizer, 999) for text in (f"a{end}b", "ab"))
    assert ids.count(engine._tokenizer.end) == plain.count(engine._tokenizer.end)


def test_a_prompt_that_is_too_long_is_refused_and_an_answer_fits(engine: LocalEngine) -> None:
    with pytest.raises(Refused, match="with an answer, the model reads") as caught:
        asyncio.run(_pieces(engine, _asked("x" * 10**5)))
    assert (caught.value.status, caught.value.code) == (400, "context_length_exceeded")


def test_who_leaves_stops_the_work_and_others_go_on(engine: LocalEngine) -> None:
    async def left() -> list[Piece]:
        async with aclosing(engine.stream(_asked("item 1", 400))) as pieces:
            async for piece in pieces:
                if piece.text:
                    break
        return await _pieces(engine, _asked("item 2", 3))

    assert asyncio.run(left())[-1].finish is not None


def test_a_model_that_breaks_down_tells_those_who_asked_and_goes_on(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = local.stream

    def broken(*_: object) -> Iterator[object]:
        raise ValueError("Mr Smith")

    monkeypatch.setattr(local, "stream", broken)
    with pytest.raises(RuntimeError, match=r"^ValueError$"):
        asyncio.run(_pieces(engine, _asked("a")))
    monkeypatch.setattr(local, "stream", stream)
    assert asyncio.run(_pieces(engine, _asked("a")))[-1].finish


def test_other_work_is_done_between_batches(engine: LocalEngine, model: LocalAnswerer) -> None:
    question = Example("e", "", "item 1", "")
    found = asyncio.run(engine.run(lambda answerer_: answerer_.rank([question], [("alpha", "beta")])))
    assert found == model.rank([question], [("alpha", "beta")])
    with pytest.raises(ZeroDivisionError):
        asyncio.run(engine.run(lambda _: 1 / 0))


def test_probabilities_and_half_characters(engine: LocalEngine) -> None:
    pieces = asyncio.run(_pieces(engine, Ask(text="ab", sampling=Sampling(9), top_logprobs=2)))
    told = [one for piece in pieces for one in piece.logprobs]
    assert all(len(one.top) == 2 and one.logprob <= 0 for one in told)
    assert len(told) >= sum(piece.tokens for piece in pieces) - 1
    assert GREEDY.greedy
