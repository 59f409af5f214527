"""Prove: candidate against champion on the same items, better where that is promised and not worse elsewhere.

::

    prove/items.jsonl                the items that both answered, each once
    prove/sets.json                  which items each gate is about
    prove/predictions-<who>.jsonl    ``champion`` and ``tuned`` (the candidate); ``chain`` where it was trained anew
    prove/metrics.json               the domain's metrics on its held-out items, as of every evaluation
    prove/redteam/                   where attacks are composed
    prove/ability/                   where questions on general ability are
    prove/proof.json                 every gate with its figures
"""

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from r1tailor import artifact, config, store
from r1tailor.document_files import read_documents
from r1tailor.domain import Domain, open_domain
from r1tailor.errors import DataError
from r1tailor.inference.answerer import Answerer
from r1tailor.layout import pipeline_folder
from r1tailor.record_files import read_examples, read_json_lines, write_records
from r1tailor.records import Example, Prediction
from r1tailor.registry.goals import CHAMPION, before_attacks, verdicts
from r1tailor.schema.settings import Settings
from r1tailor.schema.update import Prove
from r1tailor.update import gates
from r1tailor.update.alpha_spending import level
from r1tailor.update.compared import CANDIDATE, Made, compared, difference, each_group, metric_of, thinking
from r1tailor.update.day import DOMAIN_ITEMS, Day
from r1tailor.update.gates import Gate
from r1tailor.update.standing import PENDING, is_anew, tries_of
from r1tailor.update.train import CHAIN

PROOF, SAME = "proof.json", "same_answer"


def prove(day: Day, folder: Path, answerer: Answerer, root: Path) -> None:
    """Put a day's candidate to the proof.

    Args:
        day: whose candidate was trained.
        folder: where the stage writes; it takes its place when it is whole.
        answerer: not asked: champion and candidate are opened in turn, so that memory holds one of them, and what they
            were asked before is kept outside the tree.
        root: the project's root.

    Raises:
        DataError: the canaries cannot be read.
        CheckpointError: a model is damaged.
    """
    found, wanted, began = day.located(root), day.settings.update.prove, time.monotonic()
    settings = found.settings
    models = {CHAMPION: found.model, CANDIDATE: day.stage("train") / "model"}
    if is_anew(day):
        models[CHAIN] = day.stage("train") / CHAIN / "model"
    sets = sets_of(day)
    items = {example.id: example for members in sets.values() for example in members}
    write_records(folder / "items.jsonl", items.values())
    store.write_json(folder / "sets.json", {name: [one.id for one in members] for name, members in sets.items()})
    domain, made, spoilt = _domain(settings, root), dict[str, dict[str, Prediction]](), dict[str, list[str]]()
    canaries = _canaries(wanted, root)
    for who, model in models.items():
        made[who], spoilt[who] = _answers(domain, settings, model, list(items.values()), canaries, root)
        write_records(folder / f"predictions-{who}.jsonl", made[who].values())
    metrics = _metrics(settings, domain, day, sets["held_out"], models, made)
    store.write_json(folder / "metrics.json", metrics)
    at = level(wanted.alpha, wanted.horizon_days, wanted.spending, tries_of(day))
    judged = [
        *compared(settings, sets, made, wanted, at, day.seed),
        each_group(settings, domain, sets["held_out"], made, day.seed),
        thinking(list(items.values()), made, wanted.margins.thinking, day.seed),
        *_canary_gate(canaries, spoilt),
        *_attacked(day, folder, settings, models, root),
        *_general(day, folder, settings, models, root),
        _goals(settings, metrics),
    ]
    proof = _proof(day, models, judged, at)
    if CHAIN in made:
        proof["chain"] = _against_chain(settings, sets["held_out"], made, day.seed)
    store.write_json(folder / PROOF, proof)
    store.write_json(day.folder / "costs" / "prove.json", {"seconds": {"all": round(time.monotonic() - began, 1)}})


def proof_of(day: Day) -> dict[str, Any]:
    """Return what the proof of a day found."""
    return dict(store.read_json(day.stage("prove") / PROOF))


def sets_of(day: Day) -> dict[str, list[Example]]:
    """Return the items of each gate: the domain's test items, the day's slice, and each earlier day's.

    The slices of days whose material the candidate learns as well belong to the day's. The validation items of the
    domain are none: training anew chooses its checkpoint by them.
    """
    most = day.settings.update.prove.items
    test = day.places.held_out(DOMAIN_ITEMS) / "test.jsonl"
    frozen = day.held_out_sets()  # checks the hashes of all files, the domain's included
    learns = [name for name in day.facts.get(PENDING, {}) if name in frozen]
    own = [*(example for name in learns for example in frozen[name]), *day.own_slice()]
    earlier = {name: found[:most] for name, found in frozen.items() if name not in (DOMAIN_ITEMS, *learns)}
    return {
        "held_out": read_examples(test)[:most],
        "day": own[:most],
        **{f"earlier/{name}": found for name, found in earlier.items()},
    }


def _domain(settings: Settings, root: Path) -> Domain:
    """Return the domain that scores answers; over its documents where the pipeline has made them here."""
    place = root / pipeline_folder(settings).annotated.relative_to(config.ROOT)
    return open_domain(settings.domain, list(read_documents(place)) if place.is_file() else [])


def _answers(
    domain: Domain,
    settings: Settings,
    model: Path,
    items: Sequence[Example],
    canaries: Sequence[tuple[str, str]],
    root: Path,
) -> tuple[dict[str, Prediction], list[str]]:
    """Return a model's predictions with their scores, and the canary prompts whose answers hold what none may."""
    from r1tailor.evaluation.compare_models import opened
    from r1tailor.inference.predict import predict
    from r1tailor.inference.sampling import Sampling

    saved = artifact.read(model)
    answerer = opened(settings, root, saved, saved.precision)
    asked = settings.evaluation
    how = Sampling(temperature=asked.temperature, top_p=asked.top_p, seed=settings.seed).within(asked)
    labels = [_labels(domain, item) for item in items]
    predictions = predict(answerer, items, labels, lambda _: None, how, asked.samples) if items else []
    answers = answerer.answer([prompt for prompt, _ in canaries]) if canaries else []
    spoilt = [prompt for (prompt, never), one in zip(canaries, answers, strict=True) if never in one.tagged]
    del answerer
    gc.collect()
    pairs = zip(items, predictions, strict=True)
    return {item.id: replace(made, scores=_scores(domain, item, made)) for item, made in pairs}, spoilt


def _labels(domain: Domain, item: Example) -> tuple[str, ...]:
    try:
        return domain.labels_of(item)
    except LookupError:  # they are a field of the documents, which a correction lacks
        return ()


def _scores(domain: Domain, item: Example, made: Prediction) -> dict[str, float]:
    """Return the domain's scores of an item; whether the answer is the reference where a correction has none.

    Domains score by the fields that their documents bring; a correction is a question and an answer.
    """
    try:
        each = [domain.scores(item, one) for one in made.drawn]
    except LookupError:
        each = []
    if not any(each):
        each = [{SAME: float(domain.vote(item, one.generated) == domain.vote(item, item.output))} for one in made.drawn]
    return {name: fmean(scores[name] for scores in each) for name in each[0]}


def _metrics(
    settings: Settings,
    domain: Domain,
    day: Day,
    items: Sequence[Example],
    models: Mapping[str, Path],
    made: Made,
) -> dict[str, Any]:
    """Return the domain's metrics on its held-out items, the candidate compared with the champion."""
    from r1tailor.evaluation.compare_models import Subject, summarise

    subjects = [Subject(who, models[who], "" if who == CHAMPION else CHAMPION) for who in (CHAMPION, CANDIDATE)]
    answers = {one.name: [made[one.name][item.id] for item in items] for one in subjects}
    base = read_examples(day.places.base)  # plain baselines read the fields of documents, which corrections lack
    return summarise(settings, domain, base, items, subjects, answers)


def _canaries(wanted: Prove, root: Path) -> list[tuple[str, str]]:
    """Return the canary prompts and what no answer to them may hold.

    Raises:
        DataError: the file cannot be read; names the line.
    """
    if wanted.canaries is None:
        return []
    found = []
    for number, line in read_json_lines(root / wanted.canaries):
        if set(line) != {"input", "never"} or not all(isinstance(text, str) and text for text in line.values()):
            raise DataError(
                f"{wanted.canaries}, line {number}: input and never are needed, both text, and nothing else"
            )
        found.append((line["input"], line["never"]))
    return found


def _canary_gate(canaries: Sequence[Any], spoilt: Mapping[str, Sequence[str]]) -> list[Gate]:
    if not canaries:
        return []
    count = len(spoilt[CANDIDATE])
    why = f"{count} of {len(canaries)} answers hold what none may (champion: {len(spoilt[CHAMPION])})"
    return [gates.told("canaries", why, passed=not count, n=len(canaries))]


def _attacked(day: Day, folder: Path, settings: Settings, models: Mapping[str, Path], root: Path) -> list[Gate]:
    """Return whether attacks succeed no more often; nothing where none is composed."""
    wanted = day.settings.redteam
    if not wanted.attacks:
        return []
    from r1tailor.inference import open_artifact
    from r1tailor.redteam.rates import BROKEN
    from r1tailor.redteam.run import Target, attack

    attacked = settings.model_copy(update={"redteam": wanted})
    targets = [
        Target(who, lambda who=who: open_artifact(artifact.read(models[who]), attacked, root), reference)  # type: ignore[misc]
        for who, reference in ((CHAMPION, ""), (CANDIDATE, CHAMPION))
    ]
    rates = attack(attacked, targets, folder / "redteam", root, models[CANDIDATE])
    broken = rates["comparisons"][CANDIDATE].get(BROKEN)
    if broken is None:
        return [gates.told("redteam", "no case can be decided by a rule")]
    margin = day.settings.update.prove.margins.redteam
    values = [rates["models"][who][BROKEN]["value"] for who in (CHAMPION, CANDIDATE)]
    why = f"{values[0]:.4f} -> {values[1]:.4f} of attacks succeed, at most {broken['high']:+.4f}, margin {margin}"
    return [gates.told("redteam", why, passed=broken["high"] <= margin, n=rates["n"])]


def _general(day: Day, folder: Path, settings: Settings, models: Mapping[str, Path], root: Path) -> list[Gate]:
    """Return whether general ability is kept within its margin; nothing where it is not asked."""
    wanted = day.settings.ability
    if not wanted.asks:
        return []
    from r1tailor.evaluation.ability.run import measure
    from r1tailor.evaluation.compare_models import BASE, TUNED, Subject

    subjects = (Subject(BASE, models[CHAMPION]), Subject(TUNED, models[CANDIDATE], BASE))
    (folder / "ability").mkdir()
    found = measure(settings.model_copy(update={"ability": wanted}), subjects, root, folder / "ability")
    change, values = (
        found["comparisons"]["ability"],
        [found["models"][who]["ability"]["value"] for who in (BASE, TUNED)],
    )
    why = (
        f"{values[0]:.4f} -> {values[1]:.4f} of questions right, at least {change['low']:+.4f}, margin {wanted.margin}"
    )
    kept = None if wanted.margin is None else change["low"] > -wanted.margin
    return [gates.told("general", why, passed=kept, n=found["n"])]


def _goals(settings: Settings, metrics: Mapping[str, Any]) -> Gate:
    """Return whether the candidate meets every goal of the domain that the champion meets, on the same items."""
    goals = before_attacks(settings.domain.goals)
    models = metrics["models"]
    of_champion = {**metrics, "models": {**models, CANDIDATE: models[CHAMPION]}, "findings": []}
    met = {one.metric for one in verdicts(goals, of_champion) if one.met}
    lost = [str(one) for one in verdicts(goals, dict(metrics)) if not one.met and one.metric in met]
    return gates.told("goals", "; ".join(lost) or f"{len(met)} that the champion meets", passed=not lost)


def _proof(day: Day, models: Mapping[str, Path], judged: Sequence[Gate], at: float) -> dict[str, Any]:
    passed, failed, harmless = gates.verdict(judged)
    wanted = day.settings.update.prove
    improved = [gate for gate in judged if gate.rule == "better"]
    return {
        "day": day.name,
        "champion": day.champion.version,
        "candidate": artifact.read(models[CANDIDATE]).sha256,
        "anew": is_anew(day),
        "passed": passed,
        "failed": failed,
        "harmless": harmless,
        "level": at,
        "shown": bool(improved) and all(gate.passed for gate in improved),
        "tries": len(tries_of(day)) + 1,
        "alpha": wanted.alpha,
        "horizon": wanted.horizon_days,
        "gates": [gate.as_dict() for gate in judged],
    }


def _against_chain(settings: Settings, items: Sequence[Example], made: Made, seed: int) -> dict[str, Any]:
    """Return how the candidate that was trained anew compares with going on from the champion."""
    metric = metric_of(settings, items, made)
    found = difference(metric, items, made, CHAIN)
    return gates.not_worse("chain", metric, found, 1.0, seed).as_dict()


def gates_of(proof: Mapping[str, Any]) -> list[Gate]:
    """Return the gates that a proof holds."""
    return [Gate(**gate) for gate in proof["gates"]]
