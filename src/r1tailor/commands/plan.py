"""``r1tailor plan``: parameters and memory of a composition, before anything is loaded."""

import argparse
from typing import Any

from r1tailor import config
from r1tailor.commands.arguments import add_overrides, count, positive, size
from r1tailor.errors import ConfigError


def add(commands: Any) -> None:  # noqa: ANN401  (argparse's own type is private)
    """Add the command."""
    parser = commands.add_parser("plan", help="parameters and memory of a composition, before anything is loaded")
    add_overrides(parser)
    parser.add_argument("--positions", type=positive, help="of one micro-batch (default: the most that can come)")
    parser.add_argument("--width", type=positive, default=127, help="positions of one example (default: 127)")
    parser.add_argument("--shared", type=count, default=0, help="positions that all examples begin with")
    parser.add_argument("--gpu", type=size, help="memory of one GPU, such as 80GiB, that need not be here")
    parser.add_argument("--devices", type=positive, help="how many GPUs or processes share the work (trainer=ddp)")
    parser.set_defaults(run=_plan, project=False)


def _plan(parsed: argparse.Namespace) -> None:
    if parsed.positions is not None and parsed.positions < parsed.shared + parsed.width:
        raise ConfigError([
            f"--positions {parsed.positions}: must hold the shared beginning and one example, "
            f"{parsed.shared} + {parsed.width} positions"
        ])  # fmt: skip
    settings = config.load([*parsed.overrides, *_given(parsed)])
    from r1tailor.planning.memory_trace import Row  # torch is imported only once the configuration is known to be good
    from r1tailor.planning.preflight import report

    row = Row(parsed.positions, parsed.width, parsed.shared) if parsed.positions else None
    print(report(settings, config.ROOT, row, parsed.gpu))


def _given(parsed: argparse.Namespace) -> list[str]:
    """Return the overrides that the options stand for."""
    given = [] if parsed.gpu is None else ["trainer.accelerator=gpu"]
    if parsed.devices is None:
        return given
    shared = any(text.startswith(("trainer=ddp", "trainer=fsdp", "trainer.parallel=")) for text in parsed.overrides)
    parallel = "none" if parsed.devices == 1 else "ddp"
    return [*given, f"trainer.devices={parsed.devices}", *([] if shared else [f"trainer.parallel={parallel}"])]
