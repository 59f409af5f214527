"""How far a stage has come, for whoever waits at a terminal: documents, documents per second.

Nothing of it reaches a file: what a stage writes does not depend on how fast it was.
"""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from r1tailor.records import Document

_SHOWN_EVERY = 64  # documents


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} documents/s" if task.speed else "")


def shown(documents: Iterable[Document], what: str, total: int | None = None) -> Iterator[Document]:
    """Yield documents on, and show their number and rate on stderr if that is a terminal.

    Args:
        documents: what passes through.
        what: what is being done to them.
        total: how many there will be, where that is known.
    """
    console = Console(stderr=True, markup=False, emoji=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), _Rate())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        number = 0
        for number, document in enumerate(documents, start=1):
            yield document
            if number % _SHOWN_EVERY == 0:
                bar.update(task, completed=number)
        bar.update(task, completed=number)
