"""``r1tailor use``: choose what this project composes, and keep it."""

import argparse
from typing import Any

from r1tailor import config, project, stages
from r1tailor.commands.arguments import add_overrides


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("use", help="choose what this project composes; alone: show it, renew params.yaml")
    add_overrides(parser)
    parser.add_argument("--reset", action="store_true", help="start from conf/config.yaml, not from what is kept")
    parser.set_defaults(run=_use)


def _use(parsed: argparse.Namespace) -> None:
    before = project.Composition() if parsed.reset else project.read()
    composition, lost = project.changed(before, parsed.overrides)
    stages.chosen_variants(project.settings(composition))
    project.write(composition)
    if lost:
        print(f"no longer set, since their option changed: {', '.join(lost)}")
    for line in composition.lines():
        print(line)
    settings = config.load([])
    print(f"{project.FILE} and params.yaml: domain={settings.domain.name} model={settings.model.name}")
