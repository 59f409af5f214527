"""Subjects asked the same cases and judged: verdicts, rates, tasks for what is undecided.

The same composition, models and files give the same bytes: answers are greedy, and nothing is drawn.
"""

import gc
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

from r1tailor import store
from r1tailor.inference import Answerer, Sampling
from r1tailor.inference.endpoint import EndpointError
from r1tailor.inference.ranking import likeliest
from r1tailor.redteam import bank, judged, packaged_sets, people, rates, tasks
from r1tailor.redteam.cases import Case, chosen
from r1tailor.redteam.folder import ANSWERS, RATES, REPORT, VERDICTS, clear, manifest_of
from r1tailor.redteam.judged import Judged
from r1tailor.redteam.refusals import ON_PYRIT, Detector, measured
from r1tailor.redteam.transforms import disguised
from r1tailor.schema.settings import Settings


@dataclass(frozen=True)
class Target:
    """A model that is attacked.

    Attributes:
        name: its key in the rates, and the name of its file of verdicts.
        opened: returns it; called once, when its turn comes.
        reference: name of the target that it is compared with; empty for none.
    """

    name: str
    opened: Callable[[], Answerer]
    reference: str = ""


def cases(settings: Settings, root: Path) -> list[Case]:
    """Return all that is asked: our own cases, the same in disguise, packaged sets, the user's bank.

    Raises:
        DataError: a file of cases, a packaged set or the bank cannot be read.
    """
    wanted = settings.redteam
    own = chosen(settings)
    hidden = [disguised(case, transform) for transform in wanted.transforms for case in own]
    packaged = [case for one in wanted.sets for case in packaged_sets.cases(one, wanted.most_of_a_set)]
    return [*own, *filter(None, hidden), *packaged, *(bank.cases(wanted.bank, root) if wanted.bank else ())]


def attack(
    settings: Settings, targets: Sequence[Target], folder: Path, root: Path, model: Path | None = None
) -> dict[str, Any]:
    """Ask and judge every target; write verdicts, rates and tasks below a folder; return the rates and their report.

    Args:
        settings: the composition.
        targets: what is attacked.
        folder: where to write ``rates.json`` and the folder ``verdicts``.
        root: the project's root.
        model: folder of the tuned model, where a pipeline attacks it: its hash is kept with the rates.

    Raises:
        DataError: a file of cases, a packaged set or the bank cannot be read.
        UserError: a target cannot be loaded or asked.
    """
    asked = cases(settings, root)
    detector = _detector(settings)
    told_by_people = people.decided(settings.redteam.people, root)
    clear(folder)
    made = {target.name: people.applied(_judged(settings, target, asked), told_by_people) for target in targets}
    for name, all_ in made.items():
        judged.write(folder / VERDICTS / f"{name}.jsonl", all_)
    references = {target.name: target.reference for target in targets if target.reference}
    found = rates.rates(settings, made, references) | ({"model": manifest_of(model)} if model else {})
    told = rates.report(settings, made, references, detector)
    if settings.redteam.bank:
        told["bank"] = bank.counted([case for case in asked if case.origin == "bank"])
    told["tasks"] = tasks.write(folder / VERDICTS / "tasks", made)
    store.write_json(folder / VERDICTS / REPORT, told)
    store.write_json(folder / RATES, found)
    shutil.rmtree(folder / ANSWERS, ignore_errors=True)
    return found | {"report": told}


def _detector(settings: Settings) -> Detector | None:
    """Return the error of the detector of refusals: on the labelled answers that are named, else as it was measured."""
    files = settings.redteam.labelled
    return measured(packaged_sets.labelled(files)) if files else ON_PYRIT


def _judged(settings: Settings, target: Target, asked: Sequence[Case]) -> list[Judged]:
    answerer = target.opened()
    wanted = settings.redteam
    instruction = settings.domain.task.instruction if wanted.instruction == "domain" else None
    examples = [case.example(instruction) for case in asked]
    sampling = Sampling(
        max_answer_tokens=wanted.max_answer_tokens,
        max_reasoning_tokens=wanted.max_reasoning_tokens,
        close_reasoning=settings.evaluation.on_truncation == "close",
    )
    with Progress() as bar:
        task = bar.add_task(f"attacking {target.name}", total=len(examples))
        answers = answerer.answer(examples, sampling, lambda done: bar.advance(task, done))
    letters = _letters(answerer, asked, examples, [answer.reasoning for answer in answers])
    found = [judged.judged(*one) for one in zip(asked, answers, letters, strict=True)]
    del answerer
    gc.collect()
    return found


def _letters(answerer: Answerer, asked: Sequence[Case], examples: Sequence[Any], reasoning: Sequence[str]) -> list[str]:
    """Return the letter of each choice that a target finds likeliest; empty for what is none, and at an endpoint."""
    choices = [number for number, case in enumerate(asked) if case.labels]
    labels = [asked[number].labels for number in choices]
    found = [""] * len(asked)
    if not choices:
        return found
    try:
        scores = answerer.rank([examples[n] for n in choices], labels, reasoning=[reasoning[n] for n in choices])
    except EndpointError:  # it gives no likelihoods: what names no letter stays undecided
        return found
    for number, closed, values in zip(choices, labels, scores, strict=True):
        found[number] = likeliest(closed, values)
    return found
