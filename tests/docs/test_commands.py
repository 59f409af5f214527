"""Every command in README and in the documentation is one that there is, with overrides that compose.

Fenced blocks marked ``bash`` hold commands. One that cannot be run here says why (``# not run here: needs a GPU``);
what it overrides is checked all the same. ``test_guides.py`` runs some of them.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.cli import parse_args

from r1tailor import command_line, config
from r1tailor.__main__ import _parser
from r1tailor.model.licence import refuse_unaccepted
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^ *```bash\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
# Programs that are not ours, and are taken at their word.
OTHERS = {"source", "git", "cd", "tensorboard", "mlflow", "pip", "export"}


def commands(page: Path) -> list[tuple[str, bool]]:
    """Return the commands of a page, each with whether it is one that runs here."""
    found = []
    for block in BLOCK.findall(page.read_text("utf-8")):
        for line in filter(None, map(str.strip, block.splitlines())):
            command, _, comment = line.partition(" # ")
            found.append((command.strip(), not comment.strip().startswith("not run here")))
    return found


COMMANDS = sorted({(command, runs) for page in PAGES for command, runs in commands(page)})


def _train(arguments: list[str]) -> None:
    command_line.checked_arguments(arguments)


def _r1tailor(arguments: list[str]) -> None:
    parsed = _parser().parse_args(arguments)
    if overrides := getattr(parsed, "overrides", None):
        config.load(overrides)


def _dvc(arguments: list[str]) -> None:
    parsed = parse_args(arguments)
    given = getattr(parsed, "set_param", None) or []
    if getattr(parsed, "queue", False):  # several values are several experiments
        command_line.checked_arguments(["-m", *given])
    else:
        config.load(given)


def _make(arguments: list[str]) -> None:
    rules = (ROOT / "Makefile").read_text("utf-8")
    given = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    assert {argument for argument in arguments if "=" not in argument} <= set(
        re.findall(r"^([\w-]+):", rules, re.MULTILINE)
    )
    assert all(f"$({name})" in rules for name in given)
    domain = [f"domain={given['DOMAIN']}"] if "DOMAIN" in given else []
    refuse_unaccepted(config.load([*domain, *shlex.split(given.get("SETTINGS", ""))]).model)


def _script(arguments: list[str]) -> None:
    script, *rest = arguments
    module = script == "-m"
    if module:
        script, *rest = f"{rest[0].replace('.', '/')}.py", *rest[1:]
    _finds_its_imports(ROOT / script, module=module)
    text = "".join(file.read_text("utf-8") for file in (ROOT / script).parent.glob("*.py"))
    assert (ROOT / script).is_file()
    assert not [option for option in rest if option.startswith("--") and f'"{option}"' not in text]


def _finds_its_imports(script: Path, *, module: bool) -> None:
    """A script finds its neighbours by their names, a module finds the package ``tests``; neither finds both."""
    text = script.read_text("utf-8")
    found = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
    neighbours = {file.stem for file in script.parent.glob("*.py")}
    assert not found & (neighbours if module else {"tests"}) or "sys.path.insert" in text


CHECKS: dict[str, Callable[[list[str]], None]] = {"r1tailor": _r1tailor, "dvc": _dvc, "make": _make}


@pytest.mark.parametrize(("command", "runs"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_command_of_the_documentation_is_accepted(command: str, runs: bool, project: Path) -> None:
    program, *arguments = shlex.split(command)
    if program in OTHERS:
        return
    if program == "python":
        check, arguments = (_train, arguments[1:]) if arguments[0] == "train.py" else (_script, arguments)
    else:
        check = CHECKS[program]
    if runs or "hydra/launcher" not in command:  # a launcher that is not installed does not compose
        check(arguments)


def test_there_are_commands_in_every_guide() -> None:
    guides = [page for page in PAGES if page.parent.name == "guides"]
    assert len(guides) >= 24
    assert [page for page in [*PAGES[:2], *guides] if not commands(page)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_block_says_what_it_holds(page: Path) -> None:
    opening = re.findall(r"^ *```(.*)$", page.read_text("utf-8"), re.MULTILINE)[::2]
    assert set(opening) <= {"bash", "python", "yaml", "json", "text", "ini"}


def test_readmes_are_short_and_equal_in_content() -> None:
    english, chinese = (ROOT / "README.md").read_text("utf-8"), (ROOT / "README.zh-CN.md").read_text("utf-8")
    assert len(english.encode()) < 8192
    assert len(chinese.encode()) < 8192
    assert english.count("\n## ") == chinese.count("\n## ")
    assert [command for command, _ in commands(ROOT / "README.md")] == [
        command for command, _ in commands(ROOT / "README.zh-CN.md")
    ]
    table = re.compile(r"^\| `.*$", re.MULTILINE)
    assert table.findall(english) == table.findall(chinese)
