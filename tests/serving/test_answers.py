"""Several answers to one request, as they come."""

import asyncio
from contextlib import aclosing
from pathlib import Path

from r1tailor.inference.sampling import Sampling
from r1tailor.serving.engine import Ask
from tests.serving.test_gateway import ME, QUESTION
from tests.support.serving import Scripted, Shelf, gateway


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
