"""``r1tailor redteam``: attack a model, or run the stage of the pipeline; count the user's own question bank."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from r1tailor import command_line, config, config_messages
from r1tailor.commands.arguments import add_overrides
from r1tailor.commands.stage import run_stage
from r1tailor.errors import ConfigError, UserError
from r1tailor.redteam.folder import ANSWERS, is_free
from r1tailor.schema.objective import RemoteTeacher
from r1tailor.schema.redteam import Bank
from r1tailor.schema.settings import Settings

if TYPE_CHECKING:
    from r1tailor.redteam.run import Target

_SCHEMES = ("http://", "https://")
_FIRST, _SECOND = "base", "tuned"  # as the subjects of an evaluation are called


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("redteam", help="attack a model: verdicts per case, rates (without one: the stage)")
    parser.add_argument(
        "--model", help="a domain, a version, the folder of a run or a model, or the URL of an OpenAI-compatible server"
    )
    parser.add_argument("--against", help="what it is compared with: another such model, or base (default: base)")
    parser.add_argument("--served", help="of a URL: the name of the model there")
    parser.add_argument("--key-variable", help="of a URL: the environment variable that holds its key")
    parser.add_argument("--out", type=Path, help="where to write (default: outputs/redteam/<name>)")
    parser.add_argument("--bank", help="count the questions of a bank against GB/T 45654-2025, and ask nothing")
    add_overrides(parser)
    parser.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> None:
    if parsed.bank:
        from r1tailor.redteam import bank

        wanted = config.load(["redteam.bank.path=" + parsed.bank, *parsed.overrides]).redteam.bank
        assert isinstance(wanted, Bank)
        print("\n".join(bank.in_words(bank.counted(bank.cases(wanted, config.ROOT)))))
        return
    if parsed.model is None:
        if parsed.against or parsed.out or parsed.served or parsed.overrides:
            raise UserError("redteam: --against, --out, --served and overrides are for a --model; name one")
        run_stage("redteam")
        if not config.load_params().redteam.attacks:
            print("redteam: nothing is asked; redteam=standard asks our own cases")
        return
    _attack(parsed)


def _attack(parsed: argparse.Namespace) -> None:
    settings, asked, folder = _targets(parsed)
    if not settings.redteam.attacks:
        raise ConfigError(["redteam: nothing is asked by this composition; choose redteam=standard"])
    from r1tailor.redteam.run import attack
    from r1tailor.redteam.table import print_rates

    if not is_free(folder):
        raise UserError(f"redteam --out {folder}: it holds other files; choose a new or an empty folder")
    print_rates(attack(settings, asked, folder, config.ROOT))
    shown = folder.relative_to(config.ROOT) if folder.is_relative_to(config.ROOT) else folder
    print(f"verdicts: {shown.as_posix()}/verdicts")


def _targets(parsed: argparse.Namespace) -> "tuple[Settings, list[Target], Path]":
    """Return the composition that decides what is asked, the models, and where to write."""
    overrides = parsed.overrides or ["redteam=standard"]
    if parsed.model.startswith(_SCHEMES):
        return _remote(parsed, overrides)
    from r1tailor.inference import BASE, locate

    found = locate(parsed.model, config.ROOT)
    other = None if parsed.against in (None, BASE) else locate(parsed.against, config.ROOT)
    settings = command_line.with_overrides(found.settings, overrides)
    from r1tailor.redteam.subjects import base_of, located  # torch is imported only once the models are known

    first = located(_FIRST, other, config.ROOT) if other else base_of(found, config.ROOT)
    print(f"attacking {found.name} against {other.name if other else 'its base model'}", flush=True)
    folder = parsed.out or config.ROOT / "outputs" / "redteam" / found.name.replace("/", "-")
    return settings, [first, located(_SECOND, found, config.ROOT, _FIRST)], folder.resolve()


def _remote(parsed: argparse.Namespace, overrides: list[str]) -> "tuple[Settings, list[Target], Path]":
    if parsed.against:
        raise UserError("redteam: --against is for saved models; a URL is attacked alone")
    if not parsed.served:
        raise UserError(f"redteam: --served is missing: the name of the model at {parsed.model}")
    settings = config.load(overrides)
    host = urlsplit(parsed.model).hostname or "endpoint"
    folder = (parsed.out or config.ROOT / "outputs" / "redteam" / host).resolve()
    from r1tailor.redteam.subjects import behind_url

    return settings, [behind_url(_SECOND, _endpoint(parsed), settings, folder / ANSWERS)], folder


def _endpoint(parsed: argparse.Namespace) -> RemoteTeacher:
    """Return the server of a URL.

    Raises:
        ConfigError: the URL or the variable is not one that may be used.
    """
    try:
        return RemoteTeacher(
            url=parsed.model,
            model=parsed.served,
            key_variable=parsed.key_variable,
            timeout_seconds=300.0,
            requests_at_once=4,
            audience="anyone",
        )
    except ValidationError as error:
        raise ConfigError([f"redteam --model {parsed.model[:100]}: {config_messages.first(error)}"]) from None
