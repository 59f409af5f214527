"""How often error modes are claimed where there is none, and found where one is planted: ``--seeds N``.

Each seed draws 240 items with fields. Their answers are wrong at one rate (no mode), or always on one of four wards.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from r1tailor.evaluation.error_modes.features import Described, learn
from r1tailor.evaluation.error_modes.modes import Mode, Table, halves, least, modes
from r1tailor.planning.power import wilson
from tests.support.errant import items_of

ITEMS, RATE, LEVEL = 240, 0.2, 0.05


def shown(seed: int, *, planted: bool) -> list[Mode]:
    """Return the modes that are shown among the items of a seed."""
    items, draw = items_of(ITEMS, seed), np.random.default_rng(seed + 10**6)
    wrong = [bool(draw.random() < RATE) or (planted and "ward: icu" in item.input) for item in items]
    described = [Described(item.input, item.output, truncated="no") for item in items]
    found_on, tested_on = halves([item.id for item in items], seed)
    features = learn([described[n] for n in found_on], ["fever"], (), least(len(found_on)))

    def table(places: Sequence[int]) -> Table:
        ids = [items[n].id for n in places]
        return Table([features.columns(described[n]) for n in places], [wrong[n] for n in places], ids, ids)

    return [mode for mode in modes(table(found_on), table(tested_on)) if mode.p_holm < LEVEL]


def main(seeds: int) -> None:
    """Print both shares with Wilson's interval."""
    claimed = sum(bool(shown(seed, planted=False)) for seed in range(seeds))
    found = sum({"field ward": "icu"} in [mode.where for mode in shown(seed, planted=True)] for seed in range(seeds))
    for what, count in (("no mode planted, one claimed", claimed), ("mode planted and confirmed", found)):
        low, high = wilson(count, seeds, 0.95)
        print(f"{what}: {count} of {seeds} seeds ({count / seeds:.3f} [{low:.3f}, {high:.3f}])")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=300)
    main(parser.parse_args().seeds)
