"""A command line: checked whole before Hydra or a command acts on it, and every error one message and an exit code."""

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Any

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from r1tailor import config, overrides
from r1tailor.composing import STOPS_COMPOSING, Place, compose_at, one_line, resolved, why_not
from r1tailor.errors import ConfigError, Interrupted, TailorError
from r1tailor.overrides import GROUPS, Job, by_job
from r1tailor.schema.settings import Settings
from r1tailor.untrusted import refuse_hostile_file, refuse_hostile_folder, refuse_hydra_section

_CHECKED_JOBS = 200  # of a sweep, before its first one starts: seconds
_NO_WAY_TO_WRITE = {  # and what to do about it
    errno.ENOSPC: "free space there, then run the command again",
    errno.EDQUOT: "free space or raise the quota, then run the command again",
    errno.EFBIG: "choose a file system that takes larger files",
    errno.EROFS: "choose a folder that can be written",
    errno.EACCES: "choose a folder that can be written, or change its permissions",
    errno.EPERM: "choose a folder that can be written, or change its permissions",
    errno.EIO: "check the disk, then run the command again",
}


def share_processor() -> None:
    """Let threads sleep while they wait, unless the environment says otherwise; before torch is imported.

    Threads of OpenMP wait by working on. Of two processes on the same cores each then stops the other
    (``tests/benchmarks/shared_processor.py``).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn an error into one message on stderr and its exit code; never a traceback for a user's mistake."""
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then lets errors through to us instead of exiting with 1
    for stream in (sys.stdout, sys.stderr):  # one that is not UTF-8 shows an escape instead of stopping the run
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except TailorError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (HydraException, OmegaConfBaseException) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output went away (`| head`)
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.errno not in _NO_WAY_TO_WRITE:
            raise
        path, fault = error.filename or "a file", "read or written" if error.errno == errno.EIO else "written"
        print(f"error: {path} cannot be {fault}: {error.strerror}; {_NO_WAY_TO_WRITE[error.errno]}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped; what was finished is kept", file=sys.stderr)
        sys.exit(130)


@contextmanager
def terminable(said: str) -> Iterator[None]:
    """Let SIGTERM end what runs, as Ctrl-C does; while it trains, both are left to the callback that saves its state.

    Raises:
        Interrupted: a SIGTERM came; with what is to be said of it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: FrameType | None) -> None:
        raise Interrupted(said, number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def checked_arguments(arguments: list[str]) -> list[str]:
    """Return the command line for Hydra, or raise every fault in it.

    Of a sweep every job is composed and validated here, so that the last cannot fail on a value after hours.

    Raises:
        ConfigError: an unparsable override, an unknown option of a group, an unknown key, a bad value; or, alone,
            what would have Hydra run a program or write a file of somebody's choice.
    """
    parsed, _ = get_args_parser().parse_known_args(arguments)
    if parsed.shell_completion:
        return arguments
    if parsed.experimental_rerun:
        raise ConfigError(["--experimental-rerun is not offered: it reads a pickle, and a pickle may run any program"])
    conf = (config.ROOT / parsed.config_path).resolve() if parsed.config_path else config.CONF
    extra = (Path(parsed.config_dir).resolve(),) if parsed.config_dir else ()
    place = config.place_of((parsed.config_name or config.primary()).removesuffix(".yaml"), extra, conf)
    file = conf / f"{place.name}.yaml"
    _refuse_hostile_files(file, place.extra)
    if parsed.help or parsed.hydra_help or parsed.info is not None:
        checked, _ = overrides.check(parsed.overrides, place.folders)
        with suppress(*STOPS_COMPOSING):  # composed here for what Hydra itself must not be given
            compose_at([*map(overrides.text_of, checked)], place)
        return arguments
    config.refuse_stale(file)
    checked, faults = overrides.check(parsed.overrides, place.folders, sweep=bool(parsed.multirun))
    faults += (_sweep_faults if parsed.multirun else _faults)(checked, place)
    if faults:
        raise ConfigError([*faults, *_kept_of_another_option(checked, file)])
    replaced = dict(zip(parsed.overrides, map(overrides.text_of, checked), strict=True))
    composed_already = ["hydra.run.dir=.", "hydra.output_subdir=null"] if parsed.config_path else []
    return [*(replaced.get(argument, argument) for argument in arguments), *composed_already]


def _kept_of_another_option(checked: Sequence[Override], primary: Path) -> list[str]:
    """Return a hint for each group whose option was chosen while the project keeps values of another option."""
    if primary != config.CONF / "project.yaml":
        return []
    kept = OmegaConf.load(primary)
    groups = [override.key_or_group for override in checked if override.key_or_group in GROUPS]
    return [
        f"conf/project.yaml sets values of {group} for the option that it chooses; --config-name=config starts "
        f"without them, and `r1tailor use {group}=<option>` drops them"
        for group in groups
        if group in kept
    ]


def _refuse_hostile_files(primary: Path, folders: Iterable[Path]) -> None:
    """Look at the files of others before anything composes them; ``conf/`` is the project's own."""
    for folder in folders:
        refuse_hostile_folder(folder)
    if primary.is_file() and not primary.resolve().is_relative_to(config.CONF.resolve()):
        refuse_hostile_file(primary)
        refuse_hydra_section(primary)


def _faults(checked: list[Override], place: Place) -> list[str]:
    try:
        found = compose_at([*map(overrides.text_of, checked)], place)
        return config.explain(resolved(found.composition), found.choices, folders=place.extra)
    except STOPS_COMPOSING as error:
        return [why_not(error, place)]


def _sweep_faults(checked: list[Override], place: Place) -> list[str]:
    """Compose and validate the jobs of a sweep; return each fault with the jobs that it would stop."""
    fixed = [overrides.text_of(override) for override in checked if not override.is_sweep_override()]
    try:
        first = compose_at(fixed, place)
    except STOPS_COMPOSING as error:
        return [why_not(error, place)]
    drawn = first.choices["hydra/sweeper"] != "basic"  # by a plug-in: nobody knows which values its jobs will have
    if drawn:
        checked = [o for o in checked if not o.is_sweep_override() or o.key_or_group in GROUPS]
    params: Mapping[str, Any] = first.hydra["sweeper"].get("params") or {}
    own = [] if drawn else overrides.check([f"{k}={v}" for k, v in params.items()], place.folders, sweep=True)[0]
    listed, total = overrides.jobs([*own, *checked], place.folders, _CHECKED_JOBS)
    if len(listed) < total:
        print(
            f"the sweep has {total:,} jobs: before the first, {len(listed)} were checked, which hold each value once; "
            "each of the others checks itself when it starts",
            file=sys.stderr,
        )
    composed = cache(lambda texts: compose_at([*texts], place))  # jobs that choose the same options share it

    def faults(job: Job) -> list[str]:
        try:
            base = composed(job.composed)
            composition = job.put_into(deepcopy(base.composition))
            return config.explain(resolved(composition), base.choices, unknown_only=drawn, folders=place.extra)
        except STOPS_COMPOSING as error:
            return [why_not(error, place)]

    return by_job(listed, [faults(job) for job in listed], numbered=len(listed) == total)


def given_values(arguments: list[str]) -> dict[str, Any]:
    """Return the values that the command line of a direct run sets, by key; of a sweep or a request for help, none."""
    parsed, _ = get_args_parser().parse_known_args(arguments)
    other = (parsed.multirun, parsed.help, parsed.hydra_help, parsed.cfg, parsed.shell_completion, parsed.info)
    if any(other) or parsed.experimental_rerun:
        return {}
    found = filter(None, map(overrides.parsed, parsed.overrides))  # what cannot be parsed, others report
    return {override.key_or_group: override.value() for override in found}


def with_overrides(settings: Settings, arguments: list[str]) -> Settings:
    """Return a composition with the overrides of a command line applied to it: options of groups, then values.

    An option's ``${key}`` takes the value that the composition has at that key.

    Raises:
        ConfigError: with every fault in the command line.
    """
    parsed, _ = get_args_parser().parse_known_args(arguments)
    place = config.place_of(config.primary(), (Path(parsed.config_dir).resolve(),) if parsed.config_dir else ())
    _refuse_hostile_files(config.CONF / "config.yaml", place.extra)
    checked, faults = overrides.check(parsed.overrides, place.folders)
    groups = [override for override in checked if override.key_or_group in GROUPS]
    try:
        chosen = compose_at([*map(overrides.text_of, groups)], place).composition
    except STOPS_COMPOSING as error:
        raise ConfigError([*faults, why_not(error, place)]) from error
    if faults:
        raise ConfigError(faults)
    composition = OmegaConf.create(settings.model_dump(mode="json", by_alias=True))
    for override in groups:
        composition[override.key_or_group] = chosen[override.key_or_group]
    for override in checked:
        if override.key_or_group not in GROUPS and not override.key_or_group.startswith("hydra"):
            OmegaConf.update(composition, override.key_or_group, override.value(), force_add=True)
    return config.validated(composition, {})
