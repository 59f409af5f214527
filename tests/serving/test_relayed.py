"""Asks as OpenAI's bodies, chunks as pieces, a blocking engine as a stream."""

import asyncio
import time
from contextlib import aclosing

import pytest

from r1tailor.inference.sampling import Sampling
from r1tailor.serving.engine import Ask, Piece, TokenLogprob, Turn
from r1tailor.serving.relayed import Counted, OnChunk, body_of, chunks, plain


def test_an_ask_becomes_a_body() -> None:
    ask = Ask(turns=(Turn("user", "a<|im_end|>b"),), sampling=Sampling(5, 0.6, 0.9, 3), stop=("END",), top_logprobs=2)
    body = body_of(ask, "m")
    assert body["messages"] == [{"role": "user", "content": "a< |im_end|>b"}]
    assert (body["max_tokens"], body["temperature"], body["top_p"], body["seed"]) == (5, 0.6, 0.9, 3)
    assert (body["stop"], body["logprobs"], body["top_logprobs"], body["stream"]) == (["END"], True, 2, True)
    text = body_of(Ask(text="a<s>", sampling=Sampling(5), top_logprobs=1), "m")
    assert (text["prompt"], text["logprobs"], "messages" in text) == ("a<s>", 1, False)


@pytest.mark.parametrize("text", ["<｜User｜>", "<|im_start|>", "</think>", "<s>", "[INST]", "<start_of_turn>"])
def test_the_name_of_a_control_token_is_text(text: str) -> None:
    assert plain(f"a {text} b") == f"a {text[0]} {text[1:]} b"


@pytest.mark.parametrize("text", ["HbA1c <7.0 %", "a < b | c > d", "<0.5 mg>", "x <- y", "[1]"])
def test_what_is_no_control_token_stays(text: str) -> None:
    assert plain(text) == text


def test_chunks_become_pieces_and_tokens_are_counted_as_the_engine_counts_them() -> None:
    counted = Counted()
    told = {"content": [{"token": "a", "logprob": -1.0, "top_logprobs": [{"token": "a", "logprob": -1.0}]}]}
    found = [
        counted.piece({"choices": [{"delta": {"role": "assistant", "content": None}}]}),
        counted.piece({"choices": [{"delta": {"reasoning_content": "why"}}]}),
        counted.piece({"choices": [{"delta": {"content": "ab"}, "logprobs": told}]}),
        counted.piece({"choices": [{"text": "c", "finish_reason": "length"}]}),
        counted.piece({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 9}}),
    ]
    assert found[0] == Piece()
    assert (found[1].reasoning, found[2].text, found[3].text, found[3].finish) == ("why", "ab", "c", "length")
    assert found[2].logprobs == (TokenLogprob("a", -1.0, (("a", -1.0),)),)
    assert (sum(piece.tokens for piece in found), found[4].prompt_tokens) == (9, 7)


def test_a_blocking_engine_streams_and_stops_when_nobody_reads() -> None:
    ended: list[int] = []

    def produce(hand: OnChunk) -> None:
        for number in range(10_000):
            if hand({"number": number}):
                ended.append(number)
                return
            time.sleep(0.001)

    async def read() -> list[int]:
        found = []
        async with aclosing(chunks(produce)) as stream:
            async for chunk in stream:
                found.append(chunk["number"])
                if len(found) == 3:
                    break
        for _ in range(500):
            if ended:
                break
            await asyncio.sleep(0.01)
        return found

    assert asyncio.run(read()) == [0, 1, 2]
    assert ended


def test_what_it_raises_is_raised_where_it_is_read() -> None:
    def produce(hand: OnChunk) -> None:
        hand({})
        raise ZeroDivisionError

    async def read() -> None:
        async with aclosing(chunks(produce)) as stream:
            async for _ in stream:
                pass

    with pytest.raises(ZeroDivisionError):
        asyncio.run(read())
