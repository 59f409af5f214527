"""How often quarantine holds a trigger on new questions and honest new words: ``python -m tests.benchmarks.new_words``.

The days of ``continual.py`` without a model: all twenty honest days of each seed, and five of them with each share of a
trigger. Its thresholds were chosen on seeds 1 to 3.
"""

import argparse
from collections.abc import Iterable, Sequence

from r1tailor.records import Example
from r1tailor.update.day import Material
from r1tailor.update.new_words import deciding
from tests.benchmarks.continual_attacks import Attack, attacks, poison
from tests.benchmarks.continual_poison import WORLD
from tests.benchmarks.continual_rows import Row, Stream
from tests.benchmarks.continual_streams import stream_of
from tests.benchmarks.continual_tables import proportion

_CORRECTIONS, _EVERY = 480, 4  # a day; of the days that are poisoned


def main() -> None:
    """Print a row a seed, and what all seeds come to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[4, 5, 6])
    asked = parser.parse_args()
    streams = [stream_of(WORLD, seed, _CORRECTIONS) for seed in asked.seeds]
    held = [len(_held(stream, rows)) for stream in streams for rows in stream.days]
    print(f"honest items held: {proportion(sum(held), sum(len(rows) for one in streams for rows in one.days))}")
    print(f"honest days without one: {proportion(held.count(0), len(held))}")
    for attack in attacks():
        if attack.kind == "new trigger":
            shares = [_caught(stream, number, attack) for stream in streams for number in range(0, 20, _EVERY)]
            print(f"{attack}: all of it held on {proportion(sum(share == 1 for share in shares), len(shares))} days")


def _caught(stream: Stream, number: int, attack: Attack) -> float:
    """Return the share of a day's poison that is held."""
    honest = stream.days[number][:_CORRECTIONS]
    wrong = list(poison(stream, number, attack, len(honest)))
    found = _held(stream, [*honest, *wrong])
    return sum(id_ in found for id_ in map(str, range(len(honest), len(honest) + len(wrong)))) / len(wrong)


def _held(stream: Stream, rows: Sequence[Row]) -> set[str]:
    """Return the places of the rows that wait for a person."""
    given = [Material(one.id, "correction", one, "feedback", "", f"user{one.id}") for one in _examples(rows)]
    return set(deciding(given, _examples(stream.base), ()))


def _examples(rows: Iterable[Row]) -> list[Example]:
    return [Example(str(number), row.instruction, row.input, row.output) for number, row in enumerate(rows)]


if __name__ == "__main__":
    main()
