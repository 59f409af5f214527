"""Overrides of a composition: each one parsed, checked against ``conf/``, and every job of a sweep listed.

Like ``config``, which composes them, it knows Hydra; no other module does.
"""

import math
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, Quote, QuotedString, RangeSweep, Sweep
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from r1tailor.config_messages import did_you_mean, shortened
from r1tailor.errors import ConfigError
from r1tailor.untrusted import HYDRA_ALLOWED

GROUPS = (
    *("domain", "model", "strategy", "objective", "optimizer", "scheduler", "curriculum"),
    *("trainer", "logger", "compression", "evaluation", "ability", "redteam", "serving", "update"),
)
MOST_JOBS = 10_000  # of one sweep; Hydra composes each before it starts the first
_LONGEST_QUOTED = 300
_PLUG_IN = re.compile(r"hydra\.(?:launcher|sweeper)\.")
_CHOICE = re.compile(r"\+?hydra(?:/\w+)+=[\w-]+")
_CALLED = re.compile(r"_\w+_")  # _target_ and its kin: what Hydra calls, and how


def check(texts: Sequence[str], folders: list[Path], *, sweep: bool = False) -> tuple[list[Override], list[str]]:
    """Return each override as Hydra is to see it, and the faults that are visible without composing.

    A plain ``key=value`` becomes ``++key=value``, so that an unknown key reaches the schema (and its "did you mean")
    instead of stopping Hydra at the first one. A faulty override is left out.

    Args:
        texts: as given on the command line.
        folders: that hold the options of config groups.
        sweep: whether several values are allowed.

    Raises:
        ConfigError: alone, for an override that would have Hydra run a program or write a file of somebody's choice.
    """
    checked: list[Override] = []
    faults: list[str] = []
    for text in texts:
        override = parsed(text)
        if override is None:
            faults.append(f"{shortened(text)} is not an override. {_how_to_write(text)}")
            continue
        key = override.key_or_group
        _refuse_hydras_own(text, override)
        if override.is_sweep_override() and not sweep:
            faults.append(f"{text}: several values are a sweep: add -m, or write a list as {key}=[...]")
            continue
        found = _option_faults(override, folders) if key in GROUPS else []
        faults += found
        if not found:
            plain = override.type is not None and override.type.name == "CHANGE"
            forced = plain and key not in GROUPS and not key.startswith("hydra")
            checked.append(parsed(f"++{text}") or override if forced else override)
    return checked, faults


def parsed(text: str) -> Override | None:
    """Return an override, or None for what is none."""
    try:
        text.encode()
        return OverridesParser.create().parse_override(text)
    except (HydraException, RecursionError, ValueError):  # ValueError: a number of thousands of digits, no UTF-8
        return None


def as_override(key: str, value: str) -> str:
    """Return ``key=value``, the value quoted where Hydra's grammar asks for it.

    >>> as_override("output", "outputs/runs/a"), as_override("output", "runs/a (2)")
    ('output=outputs/runs/a', 'output="runs/a (2)"')
    """
    plain = re.fullmatch(r"[\w./-]+", value, re.ASCII)
    return f"{key}={value if plain else QuotedString(value, Quote.double).with_quotes()}"


def text_of(override: Override) -> str:
    """Return an override as it was written."""
    return str(override.input_line)


def of_plug_ins(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the overrides that choose or set one of Hydra's installed plug-ins."""
    plain = ((text, text.lstrip("+")) for text in texts)
    return tuple(text for text, bare in plain if bare.startswith("hydra/") or _PLUG_IN.match(bare))


def values(override: Override, folders: list[Path]) -> Iterator[str]:
    """Yield each value of a discrete sweep as Hydra writes it, the options that a glob matches included."""
    swept = override.value()
    if isinstance(swept, Glob):
        yield from swept.filter(options(override.key_or_group, folders))
    else:
        yield from override.sweep_string_iterator()


def options(group: str, folders: list[Path]) -> list[str]:
    """Return the options of a config group, by name."""
    return sorted({file.stem for folder in folders for file in (folder / group).glob("*.yaml")})


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    Args:
        composed: the overrides that are composed: those of every job, and the options that this one chooses.
        values: the swept values, which are put into what was composed.
        swept: what tells this job from the others, as written.
    """

    composed: tuple[str, ...]
    values: tuple[str, ...]
    swept: tuple[str, ...]

    def put_into(self, composition: DictConfig) -> DictConfig:
        """Set the swept values, as Hydra would after composing."""
        for text in self.values:
            override = parsed(text)
            if override is not None:
                OmegaConf.update(composition, override.key_or_group, override.value(), force_add=True)
        return composition


def jobs(checked: Sequence[Override], folders: list[Path], limit: int) -> tuple[list[Job], int]:
    """Return a sweep's jobs, in the order in which Hydra's own sweeper numbers them.

    Args:
        checked: the overrides of the command line.
        folders: that hold the options of config groups.
        limit: the most jobs that are returned; of a longer sweep each value comes once, with the first of the others.

    Returns:
        The jobs, and the number of jobs of the whole sweep.

    Raises:
        ConfigError: a sweep without a value, or with more than ``MOST_JOBS`` jobs.
    """
    written: dict[str, list[tuple[Override, str]]] = {}
    total = 1
    for override in checked:
        total *= _count(override, folders)
        if total > MOST_JOBS:
            raise ConfigError([f"the sweep has more than {MOST_JOBS:,} jobs; give fewer values"])
        key = override.get_key_element()
        swept = override.is_sweep_override()
        texts = [f"{key}={value}" for value in values(override, folders)] if swept else [text_of(override)]
        written[key] = [(override, text) for text in texts]
    total = math.prod(map(len, written.values()))
    if total <= limit:
        return [_job(job) for job in product(*written.values())], total
    first = {key: pairs[0] for key, pairs in written.items()}
    once = ([*(first | {key: pair}).values()] for key, pairs in written.items() for pair in pairs[1:])
    return [_job(job) for job in ([*first.values()], *islice(once, limit - 1))], total


def by_job(listed: Sequence[Job], faults: Sequence[list[str]], *, numbered: bool = True) -> list[str]:
    """Return every fault once: as it is where all jobs have it, else with the jobs that have it.

    Args:
        listed: the jobs.
        faults: of each job.
        numbered: whether a job's place in the list is its number in the sweep.
    """
    found: dict[str, list[int]] = {}
    for number, said in enumerate(faults):
        for fault in said:
            found.setdefault(fault, []).append(number)
    return [
        fault if len(numbers) == len(listed) else f"{_named(numbers, listed, numbered)}: {fault}"
        for fault, numbers in found.items()
    ]


def _named(numbers: list[int], listed: Sequence[Job], numbered: bool) -> str:
    """Return ``job 3 (strategy=full seed=2)``, or the number of jobs and the first of them."""
    swept = " ".join(text.lstrip("+") for text in listed[numbers[0]].swept)
    first = f"job {numbers[0]} ({swept})" if numbered else f"a job with {swept}"
    return first if len(numbers) == 1 else f"{len(numbers)} jobs, the first is {first}"


def _job(overrides: Sequence[tuple[Override, str]]) -> Job:
    swept = [(override, text) for override, text in overrides if override.is_sweep_override()]
    put = [text for override, text in swept if override.is_force_add() and override.key_or_group not in GROUPS]
    return Job(tuple(text for _, text in overrides if text not in put), tuple(put), tuple(text for _, text in swept))


def _how_to_write(text: str) -> str:
    """Say how an override is written; where quotes are all that is missing, with the line that can be pasted."""
    key, equals, value = text.partition("=")
    quoted = as_override(key, value)
    if not equals or parsed(quoted) is None or value[:1] in ("[", "{") or len(text) > _LONGEST_QUOTED:
        return "Write key=value, or group=option."
    return f"Quote the value for Hydra, and the whole for the shell: {shlex.quote(quoted)}"


def _refuse_hydras_own(text: str, override: Override) -> None:
    """Refuse at once what would act while Hydra composes, or in a job of a sweep that is not composed here."""
    key, package = override.key_or_group, override.package or ""
    of_hydra = re.match(r"hydra(\W|$)", key) or package
    if (
        key in ("hydra", "hydra.searchpath")
        or (of_hydra and override.is_sweep_override())
        or (key.startswith("hydra/") and not _CHOICE.fullmatch(text))
        or (_PLUG_IN.match(key) and any(map(_CALLED.fullmatch, (*key.split("."), *_keys(override.value())))))
    ):
        raise ConfigError([f"{shortened(text)}: Hydra's own settings are not to be changed this way; {HYDRA_ALLOWED}"])


def _keys(value: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, dict):
        yield from map(str, value)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)


def _option_faults(override: Override, folders: list[Path]) -> list[str]:
    group = override.key_or_group
    known = options(group, folders)
    if not known:  # a composed file such as params.yaml: no groups to choose from
        return [f"{group}={override.get_value_element_as_str()}: params.yaml is composed already; use conf/"]
    value = override.value()
    listed = f"conf/{group} has: {', '.join(known)}"
    if isinstance(value, Glob):
        return [] if value.filter(known) else [f"{text_of(override)}: no option matches. {listed}"]
    chosen = [str(v) for v in value.list] if isinstance(value, Sweep) and hasattr(value, "list") else [str(value)]
    return [
        f"{group}={option}: there is no such option.{did_you_mean(option, known)} {listed}"
        for option in chosen
        if option not in known
    ]


def _shown(override: Override) -> str:
    return text_of(override).lstrip("+")


def _count(override: Override, folders: list[Path]) -> int:
    """Return the number of values, without listing those of a range."""
    swept = override.value()
    if not override.is_sweep_override():
        return 1
    if not override.is_discrete_sweep():
        raise ConfigError([f"{_shown(override)}: an interval needs a sweeper that draws from it, such as Optuna's"])
    if isinstance(swept, RangeSweep):
        start, stop, step = (float(end or 0) for end in (swept.start, swept.stop, swept.step))
        count = math.ceil((stop - start) / step) if step else 0
    else:
        count = sum(1 for _ in values(override, folders))
    if count <= 0:
        raise ConfigError([f"{_shown(override)}: there is no value in it"])
    return count
