"""The switch to another version: between requests, the old one freed after its last answer, failures without effect."""

import asyncio
import logging
from typing import Any

import pytest

from r1tailor.errors import CheckpointError
from r1tailor.serving.refusals import Refused
from r1tailor.serving.served import Slot
from tests.support.serving import Shelf

FIRST, SECOND = "toy-1-0000000000", "toy-2-0000000000"


def _run(steps: Any) -> None:  # noqa: ANN401
    async def all_of_it() -> None:
        shelf = Shelf()
        slot = Slot("served", shelf.followed())
        await slot.start()
        await steps(slot, shelf)
        await slot.close()

    asyncio.run(all_of_it())


def test_a_promotion_switches_and_the_old_one_is_freed_after_its_last_answer() -> None:
    async def steps(slot: Slot, shelf: Shelf) -> None:
        async with slot.lease() as old:
            shelf.current = SECOND
            await slot.look()
            async with slot.lease() as new:
                assert (old.version, new.version) == (FIRST, SECOND)
            await asyncio.sleep(0.01)
            assert not shelf.engines[FIRST].closed, "its answer has not ended"
        await asyncio.sleep(0.05)
        assert shelf.engines[FIRST].closed
        assert not shelf.engines[SECOND].closed
        shelf.current = FIRST
        await slot.look()
        assert slot.version() == FIRST
        assert not shelf.engines[FIRST].closed, "it was loaded anew"

    _run(steps)


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_at_work(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    async def steps(slot: Slot, shelf: Shelf) -> None:
        slot.switched = lambda slot, old: told.append(slot.problem)
        shelf.broken, shelf.current = {SECOND}, SECOND
        await slot.look()
        assert slot.version() == FIRST
        assert slot.problem.startswith(f"{SECOND}: Input/output error, at ")
        await slot.look()
        assert len(told) == 1, "it is not tried again until the name means something else"
        shelf.current = FIRST
        await slot.look()
        assert slot.problem == ""
        assert not shelf.engines[FIRST].closed

    with caplog.at_level(logging.ERROR):
        _run(steps)
    assert f"{FIRST} stays at work in channel served: {SECOND}: Input/output error" in caplog.text


@pytest.mark.parametrize("withdrawn", [True, False])
def test_a_withdrawn_version_is_left_even_where_nothing_follows_it(withdrawn: bool) -> None:
    async def steps(slot: Slot, shelf: Shelf) -> None:
        object.__setattr__(slot.followed, "withdrawn", lambda version: withdrawn and version == FIRST)
        shelf.broken, shelf.current = {SECOND}, SECOND
        await slot.look()
        assert slot.version() == ("" if withdrawn else FIRST)
        await asyncio.sleep(0.05)
        assert shelf.engines[FIRST].closed is withdrawn
        if withdrawn:
            with pytest.raises(Refused, match="no version is loaded"):
                async with slot.lease():
                    pass

    _run(steps)


def test_our_own_errors_are_told_in_their_words() -> None:
    async def steps(slot: Slot, shelf: Shelf) -> None:
        def damaged() -> tuple[str, Any]:
            raise CheckpointError("model: weights.safetensors was changed")

        object.__setattr__(slot.followed, "meant", damaged)
        shelf.current = SECOND
        await slot.look()
        assert slot.problem == "the registry: model: weights.safetensors was changed"

    _run(steps)


def test_nothing_is_leased_before_a_version_is_loaded_or_after_the_end() -> None:
    async def asked(slot: Slot) -> None:
        with pytest.raises(Refused, match="no version is loaded") as caught:
            async with slot.lease():
                pass
        assert caught.value.status == 503

    async def all_of_it() -> None:
        slot = Slot("served", Shelf().followed())
        await asked(slot)
        await slot.start()
        await slot.close()
        await asked(slot)

    asyncio.run(all_of_it())
