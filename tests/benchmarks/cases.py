"""Each case of the documentation from one command to an answer: ``python tests/benchmarks/cases.py``.

For each domain and model: ``python train.py domain=… model=…`` with the settings of ``CASES``, its first held-out item
put to ``r1tailor ask``, and a row of the table: minutes, n, the headline metric of the base model, the tuned one
and the best plain baseline with 95 % intervals, and the verdict. An interrupted run is resumed by the same line and its
minutes are added up; what is finished is not run again. With 2 cores and the embedded models it takes hours:
``--domains legal legal_zh`` runs some. ``--evidence`` also asks each model the general questions and the red team's
cases, explains its errors and writes all of it into the report.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r1tailor import config, store
from r1tailor.record_files import read_examples
from r1tailor.records import Example

MODELS: dict[str, tuple[str, ...]] = {
    "smollm2": ("model=smollm2",),
    "gemma3_270m": ("model=gemma3_270m", "model.accept_licence=true"),
}
_ITEMS = ("evaluation.max_items=150",)
_EVIDENCE = ("ability=full", "redteam=standard")
CASES: dict[str, tuple[str, ...]] = {  # what fits half an hour on 2 cores
    "medical": (),
    "medical_triples": ("trainer.max_steps=80", "evaluation.max_answer_tokens=160", *_ITEMS),
    "medical_zh": ("trainer.max_steps=100", "evaluation.max_answer_tokens=24", *_ITEMS),
    "medical_zh_symptoms": ("trainer.max_steps=80", "evaluation.max_answer_tokens=64", *_ITEMS),
    "medical_zh_diagnosis": ("trainer.max_steps=80", "evaluation.max_answer_tokens=64", *_ITEMS),
    "medical_zh_medication": ("trainer.max_steps=80", "evaluation.max_answer_tokens=64", *_ITEMS),
    "legal": ("trainer.max_steps=80", "evaluation.max_answer_tokens=16", *_ITEMS),
    "legal_articles": ("trainer.max_steps=80", "evaluation.max_answer_tokens=96", *_ITEMS),
    "legal_zh": ("trainer.max_steps=80", "evaluation.max_answer_tokens=40", *_ITEMS),
    "legal_zh_articles": ("trainer.max_steps=60", "evaluation.max_answer_tokens=96", *_ITEMS),
    "education": (
        "trainer.max_steps=80",
        "evaluation.max_reasoning_tokens=160",
        "evaluation.max_answer_tokens=160",
        *_ITEMS,
    ),
    "education_zh": (
        "trainer.max_steps=60",
        "evaluation.max_reasoning_tokens=160",
        "evaluation.max_answer_tokens=160",
        *_ITEMS,
    ),
    "finance": ("strategy=full",),
    "education_dialogue": ("trainer.max_steps=60", "evaluation.max_answer_tokens=96", *_ITEMS),
}
_HEAD = (
    "| domain | model | minutes | n | metric | base | tuned | best plain baseline | verdict |\n"
    "|---|---|--:|--:|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Case:
    """One domain tuned with one model, in a folder of its own."""

    domain: str
    model: str
    folder: Path
    evidence: bool

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.folder / "run.json").exists()

    @property
    def minutes(self) -> float:
        """Of all starts of the run and of its question."""
        return sum(store.read_json(self._times)) / 60 if self._times.exists() else 0.0

    @property
    def _times(self) -> Path:
        return self.folder.with_name(self.folder.name + "-seconds.json")

    def command(self, *words: str, output: bool = False) -> str:
        """Run a command of the product and add its time; with ``output`` return what it prints.

        Raises:
            CalledProcessError: it failed.
        """
        started = time.perf_counter()
        try:
            done = subprocess.run(
                [sys.executable, *words], check=True, text=True, stdout=subprocess.PIPE if output else None
            )
        finally:
            before = store.read_json(self._times) if self._times.exists() else []
            store.write_json(self._times, [*before, time.perf_counter() - started])
        return done.stdout or ""


def main() -> None:
    """Run what is asked for and print the table, with a question and its answer below each other."""
    options = _options()
    rows, answers = [], []
    for case in _cases(options):
        try:
            _run(case)
            answers.append(f"{case.domain}, {case.model}: {_asked(case)}")
            rows.append(_row(case))
            print(rows[-1], flush=True)
        except subprocess.CalledProcessError as error:
            rows.append(f"| {case.domain} | {case.model} | failed: exit {error.returncode} |")
    print("\n".join((_HEAD, *rows, "", *answers)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("outputs/runs/cases"))
    parser.add_argument("--domains", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), help="of Chinese domains")
    parser.add_argument("--evidence", action="store_true", help="also general ability, red team and error modes")
    return parser.parse_args()


def _cases(options: argparse.Namespace) -> Iterator[Case]:
    for domain in options.domains:
        for model in options.models if config.load([f"domain={domain}"]).domain.language == "zh" else ["smollm2"]:
            name = f"{domain}-{model}{'-evidence' if options.evidence else ''}"
            yield Case(domain, model, (options.folder / name).resolve(), options.evidence)


def _run(case: Case) -> None:
    if case.finished:
        return
    case.folder.parent.mkdir(parents=True, exist_ok=True)
    output = f"output={case.folder}"
    if any(case.folder.glob("train/*/checkpoints/step-*")) or any(case.folder.glob("train/*/model")):
        case.command("train.py", "resume=true", output)
    else:
        further = _EVIDENCE if case.evidence else ()
        case.command("train.py", f"domain={case.domain}", *MODELS[case.model], *CASES[case.domain], *further, output)
    if case.evidence:
        case.command("-m", "r1tailor", "errors", str(case.folder))
        case.command("-m", "r1tailor", "report", str(case.folder))


def _asked(case: Case) -> str:
    """Return the first held-out question and the tuned model's answer to it; asked once."""
    kept = case.folder.with_name(case.folder.name + "-answer.json")
    if not kept.exists():
        first: Example = next(iter(read_examples(case.folder / "instruct" / "test.jsonl")))
        question = ["--asof", first.available_at] if first.series else [first.input]  # a market is asked of a day
        printed = case.command("-m", "r1tailor", "ask", str(case.folder), *question, "--json", output=True)
        store.write_json(
            kept, {"input": first.input, "expected": first.output, "said": json.loads(printed.splitlines()[-1])}
        )
    return json.dumps(store.read_json(kept), ensure_ascii=False)


def _row(case: Case) -> str:
    measured = store.read_json(case.folder / "evaluation" / "metrics.json")
    models = measured["models"]
    metric, verdict = _headline(measured)
    plain = {
        name: values[metric] for name, values in models.items() if name not in ("base", "tuned") and metric in values
    }
    best = max(plain, key=lambda name: plain[name]["value"], default=None)
    cells = (
        case.domain,
        case.model,
        f"{case.minutes:.0f}",
        measured["n"],
        metric,
        _value(models["base"].get(metric)),
        _value(models["tuned"].get(metric)),
        f"{best} {_value(plain[best])}" if best else "",
        verdict,
    )
    return f"| {' | '.join(map(str, cells))} |"


def _headline(measured: Mapping[str, Any]) -> tuple[str, str]:
    """Return the first headline metric with its verdict, or the first metric after the general ones."""
    for verdict in measured["verdicts"]:
        return verdict["metric"], verdict["verdict"]
    others = [name for name in measured["models"]["tuned"] if name not in ("perplexity", "bleu")]
    return others[0], "none"


def _value(entry: Mapping[str, float] | None) -> str:
    return f"{entry['value']:.3f} [{entry['low']:.3f}, {entry['high']:.3f}]" if entry else ""


if __name__ == "__main__":
    main()
