"""``r1tailor ability``: whether a saved model kept its general ability, and the questions as tasks of a harness."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from r1tailor import command_line, config
from r1tailor.commands.arguments import add_overrides
from r1tailor.errors import ConfigError, UserError
from r1tailor.schema.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from r1tailor.evaluation.ability.questions import Item
    from r1tailor.inference import Located

_DEFAULT = ["ability=full"]


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command and its actions."""
    parser = commands.add_parser("ability", help="general ability kept: measure a model, export harness tasks")
    actions = parser.add_subparsers(metavar="action", required=True)
    measured = actions.add_parser("measure", help="ask a saved model and its base the general questions")
    measured.add_argument("model", help="a domain, a version, the folder of a run or a model")
    measured.add_argument("--out", type=Path, help="where to write (default: outputs/ability/<name>)")
    measured.set_defaults(run=measure)
    exported = actions.add_parser("export", help="write the questions as tasks of lm-evaluation-harness")
    exported.add_argument("folder", type=Path, help="where to write: a new or an empty folder, or an earlier export")
    exported.add_argument("--model", help="render the prompts as this saved model is asked them")
    exported.set_defaults(run=export)
    for action in (measured, exported):
        add_overrides(action)


def measure(parsed: argparse.Namespace) -> None:
    """Ask a saved model and its base; write the result, and print it in words."""
    from r1tailor.inference import locate

    found = locate(parsed.model, config.ROOT)
    settings = _asking(command_line.with_overrides(found.settings, parsed.overrides or _DEFAULT))
    folder = (parsed.out or config.ROOT / "outputs" / "ability" / found.name.replace("/", "-")).resolve()
    _refuse_other_files(folder, "ability.json")
    from r1tailor.evaluation.ability import run, words  # torch is imported only once the model is known
    from r1tailor.evaluation.compare_models import base_and_tuned

    folder.mkdir(parents=True, exist_ok=True)
    told = run.measure(settings, base_and_tuned(found.model), config.ROOT, folder)
    print("\n".join(words.lines(told)))
    print(f"result: {_shown(folder)}/{run.RESULT}")


def export(parsed: argparse.Namespace) -> None:
    """Write the tasks, and print how the harness runs them."""
    from r1tailor.inference import locate

    found = locate(parsed.model, config.ROOT) if parsed.model else None
    overrides = parsed.overrides or _DEFAULT
    settings = _asking(command_line.with_overrides(found.settings, overrides) if found else config.load(overrides))
    folder = parsed.folder.resolve()
    from r1tailor.evaluation.ability import export as tasks
    from r1tailor.evaluation.ability.questions import draw

    _refuse_other_files(folder, f"{tasks.GROUP}.yaml")
    drawn = draw(settings.ability)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("r1tailor_*"):
        old.unlink()
    tasks.export(drawn, folder, _rendering(found, settings) if found else tasks.plain)
    shown, template = _shown(folder), "" if found else " --apply_chat_template"
    print(f"{len(drawn.items):,} questions in {len(drawn.sets)} tasks: {shown}")
    model = "--model hf --model_args pretrained=<folder of a model in Hugging Face's layout>"
    print(f"cd {shown} && lm_eval {model} --include_path . --tasks {tasks.GROUP}{template}")


def _rendering(found: "Located", settings: Settings) -> "Callable[[Item], str]":
    from r1tailor import artifact
    from r1tailor.evaluation.ability.export import rendered
    from r1tailor.inference.local import tokenizer_of

    return rendered(tokenizer_of(artifact.read(found.model), settings, config.ROOT))


def _asking(settings: Settings) -> Settings:
    """Return a composition that asks something.

    Raises:
        ConfigError: it asks nothing.
    """
    if not settings.ability.asks:
        raise ConfigError(["ability: nothing is asked by this composition; choose ability=full"])
    return settings


def _refuse_other_files(folder: Path, own: str) -> None:
    """Refuse a folder that holds other things than what is written there.

    Raises:
        UserError: it does.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / own).exists():
        raise UserError(f"{folder}: it holds other files; choose a new or an empty folder")


def _shown(folder: Path) -> str:
    return (folder.relative_to(config.ROOT) if folder.is_relative_to(config.ROOT) else folder).as_posix()
