"""A student with and without its teacher at equal steps: ``python tests/benchmarks/distillation.py``.

Teacher: the base model fine-tuned on ICD-10 (chapters), as in the demo. Student: 15 of its 30 layers, evenly kept. Both
students take the same optimizer steps over the same examples in the same order; one is also given the teacher's
distributions. Measured on the same held-out items: the accuracy of the likeliest chapter, the loss on the reference
answers, the number of weights, and the rates at which rows are read and answers are written (teacher and student in
turns, so that the load of the machine falls on both alike). Intervals are Student's over the seeds. What ``--folder``
holds is not computed again: the same line continues an interrupted run.
"""

import argparse
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from scipy import stats

from r1tailor import artifact, config, stages, store
from r1tailor.batching.packing import pack
from r1tailor.document_files import read_documents
from r1tailor.domain import Domain, open_domain
from r1tailor.inference.local import LocalAnswerer, open_tuned
from r1tailor.layout import RunFolder
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.record_files import read_examples, write_records
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.stage_outputs import sealed

PREPARATION = (stages.collect, stages.clean, stages.annotate, stages.instruct)
ARMS = ("alone", "taught")
FIGURES = ("accuracy", "loss")


def main() -> None:
    """Train the teacher once and both students for each seed; print one line for each, then the comparison."""
    options = _options()
    prepared = _prepared(options)
    teacher, schooled = _teacher(options, prepared)
    kept = options.folder / f"teacher-{schooled.path.name}-{options.items}.json"
    found = {"teacher": [_measured(teacher, schooled, prepared, options, kept)]}
    print(f"teacher: {_said(found['teacher'][0])}", flush=True)
    for seed in options.seeds:
        for arm in ARMS:
            settings, run = _student(arm, seed, schooled, options)
            _trained(settings, run, prepared)
            kept = run.path / f"measured-{options.items}.json"
            found.setdefault(arm, []).append(_measured(settings, run, prepared, options, kept))
            print(f"{arm} seed {seed}: {_said(found[arm][-1])}", flush=True)
        if len(found["taught"]) > 1:
            _print_compared(found)
    _print_rates(schooled, teacher, prepared, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--layers", type=int, default=15)
    parser.add_argument("--strategy", default="full", choices=["full", "lora"])
    parser.add_argument("--lr", type=float, default=2e-4, help="of the students")
    parser.add_argument("--teacher", type=Path, help="folder of a medical run that is trained already (seed 1)")
    parser.add_argument("--teacher-steps", type=int, default=170, help="as in the demo")
    parser.add_argument("--teacher-set", nargs="*", default=[], metavar="key=value")
    parser.add_argument("--steps", type=int, default=60, help="optimizer steps of each student, of 16 examples")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--examples", type=int, default=4000, help="training examples that all runs draw from")
    parser.add_argument("--items", type=int, default=300, help="held-out items")
    parser.add_argument("--weight", type=float, default=0.5)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--top-k", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7, help="of the measurement of speed")
    parser.add_argument("--folder", type=Path, default=config.ROOT / "outputs" / "runs" / "distillation")
    parser.add_argument("--set", nargs="*", default=[], metavar="key=value", help="further overrides, the same for all")
    return parser.parse_args()


def _composed(options: argparse.Namespace, steps: int, seed: int, *overrides: str) -> Settings:
    return config.load(
        [
            "domain=medical",
            f"model={options.model}",
            f"seed={seed}",
            f"trainer.max_steps={steps}",
            "trainer.max_epochs=1000",
            "trainer.early_stopping.patience=1000000",  # equal steps
            *options.set,
            *overrides,
        ],
        "config",
    )


def _teacher(options: argparse.Namespace, prepared: RunFolder) -> tuple[Settings, RunFolder]:
    if options.teacher:
        return config.load_params(options.teacher / "config.yaml"), RunFolder(options.teacher.resolve())
    settings = _composed(options, options.teacher_steps, 1, *options.teacher_set)
    return settings, _trained(settings, RunFolder(options.folder / f"teacher-{options.teacher_steps}"), prepared)


def _student(arm: str, seed: int, teacher: RunFolder, options: argparse.Namespace) -> tuple[Settings, RunFolder]:
    taught = [
        "objective=distillation",
        f"objective.teacher={teacher.path}",
        f"objective.tokens.weight={options.weight}",
        f"objective.tokens.temperature={options.temperature}",
        f"objective.tokens.top_k={options.top_k}",
    ]
    overrides = [
        f"model.layers={options.layers}",
        f"strategy={options.strategy}",
        f"optimizer.lr={options.lr}",
        "trainer.batch_size=16",
        *(taught if arm == "taught" else []),
    ]
    name = f"{options.strategy}-{options.layers}-{options.lr:g}-{options.steps}"
    asked = f"-{options.weight:g}-{options.temperature:g}-{options.top_k}" if arm == "taught" else ""
    settings = _composed(options, options.steps, seed, *overrides)
    return settings, RunFolder(options.folder / f"{name}-{arm}{asked}" / str(seed))


def _prepared(options: argparse.Namespace) -> RunFolder:
    run, settings = RunFolder(options.folder / "medical"), _composed(options, 1, 1)
    if not (run.examples / store.MANIFEST).exists():
        for stage in PREPARATION:
            stage(settings, run)
        examples = read_examples(run.examples / "train.jsonl")
        with sealed(settings, run, "instruct"):
            write_records(run.examples / "train.jsonl", _some(examples, options.examples))
    return run


def _trained(settings: Settings, run: RunFolder, prepared: RunFolder) -> RunFolder:
    """Train in a folder that shares the examples; what a teacher was asked for is shared by all seeds."""
    if (run.phase(settings.curriculum.final) / "metrics.json").exists():
        return run
    run.path.mkdir(parents=True, exist_ok=True)
    store.write_text(run.path / "config.yaml", config.as_yaml(settings))
    for name in ("collect", "clean", "annotate", "instruct"):
        if not (run.path / name).exists():
            (run.path / name).symlink_to(prepared.path / name)
    shared = run.path.parent / "teach"
    if run.path.name.isdigit() and not run.taught.exists():
        shared.mkdir(exist_ok=True)
        run.taught.symlink_to(shared)
    stages.teach(settings, run)
    stages.train(settings, run)
    return run


def _measured(
    settings: Settings, run: RunFolder, prepared: RunFolder, options: argparse.Namespace, kept: Path
) -> dict[str, float]:
    """Return the figures of a trained model; they are kept in a file."""
    if not kept.exists():
        trained = run.phase(settings.curriculum.final)
        answerer = open_tuned(artifact.read(trained / "model"), settings, config.ROOT)
        items = _some(read_examples(prepared.examples / "test.jsonl"), options.items)
        domain = open_domain(settings.domain, list(read_documents(prepared.annotated)))
        figures = _scores(answerer, domain, items)
        figures["parameters"] = sum(parameter.numel() for parameter in answerer.model.parameters())
        if (trained / "metrics.json").exists():
            metrics = store.read_json(trained / "metrics.json")
            figures |= {"steps": metrics["steps"], "training_examples_per_second": metrics["examples_per_second"]}
        store.write_json(kept, figures)
    found: dict[str, float] = store.read_json(kept)
    return found


def _scores(answerer: LocalAnswerer, domain: Domain, items: Sequence[Example]) -> dict[str, float]:
    labels = [domain.labels_of(item) for item in items]
    ranked = answerer.rank(items, labels)
    right = [
        closed[max(range(len(closed)), key=scores.__getitem__)] == item.fields["chapter"]
        for item, closed, scores in zip(items, labels, ranked, strict=True)
    ]
    made = answerer.score(items)
    loss = -sum(one.log_likelihood for one in made) / sum(one.tokens for one in made)
    return {"accuracy": statistics.fmean(right), "loss": loss}


def _some(examples: Sequence[Example], count: int) -> list[Example]:
    chosen = random.Random(1).sample(range(len(examples)), min(count, len(examples)))
    return [examples[index] for index in sorted(chosen)]


def _print_compared(found: dict[str, list[dict[str, float]]]) -> None:
    compared: dict[str, float] = {}
    for figure in FIGURES:
        values = {arm: [one[figure] for one in found[arm]] for arm in ARMS}
        for arm in ARMS:
            compared |= _interval(f"{figure}_{arm}", values[arm])
        differences = [a - b for a, b in zip(values["taught"], values["alone"], strict=True)]
        compared |= _interval(f"{figure}_taught_minus_alone", differences)
        of_teacher = found["teacher"][0][figure]
        compared |= _interval(f"{figure}_taught_minus_teacher", [value - of_teacher for value in values["taught"]])
    rates = [
        b["training_examples_per_second"] / a["training_examples_per_second"]
        for a, b in zip(found["alone"], found["taught"], strict=True)
    ]
    compared |= _interval("training_rate_taught_by_alone", rates)
    compared["parameters_student_by_teacher"] = found["taught"][0]["parameters"] / found["teacher"][0]["parameters"]
    print(f"seeds={len(found['taught'])} " + " ".join(f"{k}={v:.4f}" for k, v in compared.items()), flush=True)


def _interval(name: str, values: Sequence[float]) -> dict[str, float]:
    """Return the mean over seeds with its 95 % confidence interval."""
    mean, error = statistics.fmean(values), stats.sem(values)
    half = float(stats.t.ppf(0.975, len(values) - 1) * error)
    return {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}


def _print_rates(teacher: RunFolder, settings: Settings, prepared: RunFolder, options: argparse.Namespace) -> None:
    """Print how much faster the student reads packed rows and writes greedy answers, over rounds in turns."""
    student, run = _student("taught", options.seeds[0], teacher, options)
    pairs = {"teacher": (settings, teacher), "student": (student, run)}
    opened = {
        name: open_tuned(artifact.read(place.phase(own.curriculum.final) / "model"), own, config.ROOT)
        for name, (own, place) in pairs.items()
    }
    items = _some(read_examples(prepared.examples / "test.jsonl"), 64)
    ratios: dict[str, list[float]] = {"read": [], "write": []}
    for _ in range(options.rounds):
        for what, work in {"read": _read, "write": _write}.items():
            seconds = {name: _timed(work, answerer, items) for name, answerer in opened.items()}
            ratios[what].append(seconds["teacher"] / seconds["student"])
    found: dict[str, float] = {}
    for what, values in ratios.items():
        found |= _interval(f"student_{what}s_faster_by", values)
    print(" ".join(f"{name}={value:.3f}" for name, value in found.items()))


def _timed(work: Any, answerer: LocalAnswerer, items: Sequence[Example]) -> float:  # noqa: ANN401
    start = time.perf_counter()
    with torch.inference_mode():
        work(answerer, items)
    return time.perf_counter() - start


def _read(answerer: LocalAnswerer, items: Sequence[Example]) -> None:
    tokens = [answerer.tokenizer.encode(item) for item in items]
    for micro in pack(tokens, 2048, answerer.tokenizer.end):
        log_likelihoods(answerer.model, micro)


def _write(answerer: LocalAnswerer, items: Sequence[Example]) -> None:
    from r1tailor.inference import Sampling

    answerer.answer(list(items[:16]), Sampling(max_answer_tokens=24))


def _said(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.4f}" for name, value in figures.items())


if __name__ == "__main__":
    main()
