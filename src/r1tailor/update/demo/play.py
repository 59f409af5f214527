"""The days of the demonstration: people ask the gateway, correct what it answers, and each day is learnt."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from r1tailor import artifact, config, store
from r1tailor.errors import UserError
from r1tailor.layout import RunFolder, pipeline_folder
from r1tailor.record_files import read_examples
from r1tailor.registry import Version, open_registry
from r1tailor.registry.files import write_folder
from r1tailor.registry.goals import judged_facts
from r1tailor.schema.settings import Settings
from r1tailor.serving.feedback.log import FeedbackLog, Texts
from r1tailor.update.day import update_folder
from r1tailor.update.demo.story import Correction, Told
from r1tailor.update.demo.traffic import Client, gateway
from r1tailor.update.history import decisions
from r1tailor.update.learn import whole_day

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        decisions: what each day decided, by its name.
        versions: answers by version, in the order in which versions first answered.
        lost: requests without an answer.
        page: the page of the days.
    """

    decisions: Mapping[str, str]
    versions: dict[str, int]
    lost: list[str]
    page: Path

    def __str__(self) -> str:
        shown = ", ".join(f"{name} {count:,}" for name, count in self.versions.items())
        total = sum(self.versions.values())
        return (
            f"the served model changed {len(self.versions) - 1} times while {total + len(self.lost):,} requests were "
            f"sent, {len(self.lost):,} of them lost (answers: {shown})"
        )


def play(settings: Settings, run: RunFolder, days: Sequence[Told], root: Path, say: Say, pause: float) -> Outcome:
    """Play the days in a project of their own.

    Args:
        settings: the composition of the run, with the budget of the demonstration.
        run: a finished run: the first champion.
        days: in their order.
        root: an empty folder: the project's root.
        say: is told each line.
        pause: seconds between two requests of the client that asks throughout.

    Raises:
        UserError: the run is not finished, or the gateway does not serve.
    """
    domain, registry = settings.domain.name, open_registry(root)
    champion = founded(settings, run, root)
    registry.promote(champion.id, force=True, reason="the demonstration starts from it")
    with gateway(settings, root) as (url, key):
        client = Client(url, key, domain, read_examples(run.examples / "test.jsonl")[0].input, pause)
        with client.asking():
            client.wait_for(champion.id)
            say(f"{champion.id} serves at {url}")
            for told in days:
                began = time.monotonic()
                given = corrected(settings, root, told, client)
                say(f"{told.date}: {told.title}: {given} corrections of {len(told.corrections)} answers")
                for line in whole_day(settings, root, told.date):
                    say(line)
                client.wait_for(registry.current(domain) or champion.id)
                say(f"{told.date}: {time.monotonic() - began:.0f} s; {registry.current(domain)} serves")
    places = update_folder(settings, root)
    return Outcome(dict(decisions(places.history)), dict(client.versions), client.lost, places.path / "days.html")


def corrected(settings: Settings, root: Path, told: Told, client: Client) -> int:
    """Ask the gateway the questions of a day, and correct what it answers; return the number of accepted corrections.

    Nobody corrects an answer that is right.
    """
    questions = list(dict.fromkeys(one.question for one in told.corrections))
    answers = dict(zip(questions, client.ask_all(questions), strict=True))
    at = datetime.fromisoformat(f"{told.date}T12:00:00").replace(tzinfo=UTC)
    log = FeedbackLog(root / settings.serving.folder / "feedback" / settings.domain.name, now=lambda: at)
    given = [(one, answers[one.question]) for one in told.corrections]
    wrong = [(one, answer) for one, answer in given if answer is not None and answer.strip() != one.answer]
    for one, answer in wrong:
        _accepted(log, one, answer, client)
    return len(wrong)


def _accepted(log: FeedbackLog, one: Correction, given: str, client: Client) -> None:
    texts = Texts(prompt=one.question, given=given, corrected=one.answer)
    version = list(client.versions)[-1]
    log.decide(log.add(texts, one.user, version, "down"), "reviewer", "accept", 0)


def founded(settings: Settings, run: RunFolder, root: Path) -> Version:
    """Register a finished run in a project of its own; return its version.

    Raises:
        UserError: the run is not finished.
    """
    model = run.phase(settings.curriculum.final) / "model"
    metrics = run.evaluation / "metrics.json"
    if not metrics.is_file():
        raise UserError(f"{run.path} holds no finished run. Make one first: make demo")
    shutil.copytree(run.annotated.parent, root / pipeline_folder(settings).annotated.parent.relative_to(config.ROOT))
    with suppress(FileExistsError):
        (root / "data").symlink_to(config.ROOT / "data")
    facts = {
        "domain": settings.domain.name,
        "parent": artifact.recorded(model)["parent"],
        "model": settings.model.name,
        "strategy": settings.strategy.kind,
        **judged_facts(settings.domain.goals, store.read_json(metrics)),
    }
    parts = {"model": model, "data": run.examples, "evaluation/metrics.json": metrics}
    texts = {"config.yaml": config.as_yaml(config.load_params(run.path / "config.yaml"))}
    write_folder(root / "made", parts, texts, facts)
    version, _ = open_registry(root).take_in(root / "made")
    return version
