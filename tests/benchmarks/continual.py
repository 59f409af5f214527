"""Experiments on learning every day: ``python -m tests.benchmarks.continual kills | poison | days [options]``.

- ``days``: days of a world (``continual_streams.py``), one after the other. Accuracy after each day on what is new, on
  all days so far, on what the first champion knew (``old``) and on what no day brings (``general``); policies at an
  equal budget; shares of replay; going on from the champion against training anew (``--compare``).
- ``poison``: twenty days with wrong corrections, twenty honest ones, and the poisoned ones again without the
  quarantine's checks.
- ``kills``: a day killed with SIGKILL at random points, while its champion serves.

The pipeline is the product's own: a day is run as ``r1tailor update DOMAIN`` runs it. What is finished is kept in
``--folder``: the same command goes on from there. Intervals are 95 %: Student's over seeds, exact ones of counts.
``--model real`` takes the embedded model of 135M parameters; it needs hours.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.continual_attacks import Attack, attacks
from tests.benchmarks.continual_days import Arm, Chain, against_anew, anew, by_arm, by_day, policies, replays, summary
from tests.benchmarks.continual_kills import Killed, told
from tests.benchmarks.continual_poison import Poisoned, counts, rows_of
from tests.benchmarks.continual_project import DAILY, REAL, TINY
from tests.benchmarks.continual_rows import DAYS
from tests.benchmarks.continual_streams import STREAMS
from tests.benchmarks.continual_tables import proportion

_REAL_POLICIES = 2  # the guide's and one to compare


def main(given: Sequence[str] | None = None) -> None:
    """Run what is asked for, and print its tables."""
    parsed = _parser().parse_args(given)
    fixed = (*(REAL if parsed.model == "real" else ()), *parsed.overrides)
    print(f"composition: {' '.join((*TINY, *DAILY, *fixed))}\n")
    {"days": _days, "poison": _poison, "kills": _kills}[parsed.what](parsed, fixed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("days", "poison", "kills"))
    parser.add_argument("--folder", type=Path, default=Path("/tmp/continual"), help="resumed from there")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--model", choices=("tiny", "real"), default="tiny")
    parser.add_argument("--world", choices=STREAMS, default="icd10", help="of days")
    parser.add_argument("--compare", choices=("policies", "replay", "anew", "none"), default="policies", help="of days")
    parser.add_argument("--budget", type=int, default=100, help="items that a day trains on, of --compare policies")
    parser.add_argument("--period", type=int, default=5, help="days between two trainings anew, of --compare anew")
    parser.add_argument("--count", type=int, help="days (20), poisoned and honest days each (20), or kills (50)")
    parser.add_argument("--parts", nargs="+", default=["guarded", "honest", "unguarded"], help="of poison")
    parser.add_argument("--overrides", nargs="*", default=[], help="of the composition, last")
    return parser


def _days(parsed: argparse.Namespace, fixed: tuple[str, ...]) -> None:
    count = parsed.count or (DAYS if parsed.model == "tiny" else DAYS // 2)
    arms = {"policies": policies(parsed.budget), "replay": replays(), "anew": anew(parsed.period)}
    chosen = arms.get(parsed.compare, [Arm("the pipeline's own")])
    chosen = chosen[:_REAL_POLICIES] if parsed.model == "real" else chosen
    ends = {}
    for arm in chosen:
        chains = [Chain(parsed.folder, parsed.world, seed, arm, fixed).days(count) for seed in parsed.seeds]
        print(f"\n{parsed.world}, {arm.name}, {count} days, seeds {parsed.seeds}\n\n{by_day(chains)}", flush=True)
        ends[arm.name] = [summary(days) for days in chains]
        if parsed.compare == "anew":
            print(f"\n{against_anew(chains)}")
    print(f"\nafter {count} days, means over {len(parsed.seeds)} seeds\n\n{by_arm(ends)}")


def _poison(parsed: argparse.Namespace, fixed: tuple[str, ...]) -> None:
    count = parsed.count or DAYS
    for seed in parsed.seeds:
        made = Poisoned(parsed.folder, seed, fixed)
        if "guarded" in parsed.parts:
            days = [made.day(n, attack) for n, attack in enumerate(attacks()[:count])]
            print(f"\npoisoned days, seed {seed}\n\n{rows_of(days)}\n\n{counts(days)}", flush=True)
        if "honest" in parsed.parts:
            days = [made.day(n, Attack("", 0.0, many=False)) for n in range(count)]
            promoted = proportion(sum(one["promoted"] for one in days), count)
            print(f"\nhonest days, seed {seed}\n\n{rows_of(days)}\n\npromoted: {promoted}", flush=True)
        if "unguarded" in parsed.parts:
            days = [made.day(n, attack, guarded=False) for n, attack in enumerate(attacks()[:count])]
            print(f"\nthe gates alone, seed {seed}\n\n{rows_of(days)}\n\n{counts(days)}", flush=True)


def _kills(parsed: argparse.Namespace, fixed: tuple[str, ...]) -> None:
    for seed in parsed.seeds:
        print(told(Killed(parsed.folder / "kills", seed, fixed).points(parsed.count or 50)))


if __name__ == "__main__":
    sys.exit(main())
