"""How small, how fast, how good the forms of a tuned 135M model are: ``python tests/benchmarks/compression.py``.

Speed: fp32, bf16 and every form answer the same prompts, one after the other in each round and in another order each
round, so that whatever else the machine does falls on all of them; what counts is the ratio within a round, its
geometric mean over rounds with a 95 % interval. Prefill is 256 new tokens, decode is 64 tokens whatever they are.
Accuracy: fp32 and Q8_0 on the same held-out items, paired. Both are resumed from the folder of results.
"""

import argparse
import gc
import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import torch
from summary import Ratio, ratio
from transformers import GenerationConfig
from transformers.utils import logging

from r1tailor import artifact, config, store
from r1tailor.compression.forms import make
from r1tailor.compression.judge import judged_by
from r1tailor.document_files import read_documents
from r1tailor.domain import open_domain
from r1tailor.evaluation.compare_models import held_out
from r1tailor.evaluation.metrics import measure
from r1tailor.evaluation.significance import compare
from r1tailor.inference import open_artifact
from r1tailor.inference.gguf_answerer import GgufAnswerer
from r1tailor.inference.local import LocalAnswerer, open_tuned
from r1tailor.inference.locate import Located, locate
from r1tailor.kernels.attention import unwrapped
from r1tailor.record_files import read_examples
from r1tailor.records import Example, Prediction

PLAIN, FORMS = ("fp32", "bf16"), ("gguf_f16", "gguf_q8_0", "gguf_q4_0", "dynamic_int8")
PREFILL, DECODE = 256, 64  # tokens
METRIC, MARGIN = "chapter_accuracy", 0.02
Any_ = LocalAnswerer | GgufAnswerer
# subject: largest size as a share of fp32's, smallest decode speed as a multiple of fp32's and of bf16's
GOALS = {"gguf_q8_0": (0.27, 3.0, 1.7), "dynamic_int8": (0.27, 2.0, 0.0), "gguf_q4_0": (0.15, 0.0, 0.0)}


def main() -> None:
    """Run all of it and print the table; exits with 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="medical", help="a tuned model of domain medical")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=config.ROOT / "outputs" / "benchmarks" / "compression")
    given = parser.parse_args()
    found = locate(given.model, config.ROOT)
    sizes, hashes = prepared(found)
    given.folder.mkdir(parents=True, exist_ok=True)
    measured = speeds(found, given.rounds, Results(given.folder / "speeds.json", hashes))
    table(sizes, measured)
    judged = accuracy(found, given.items, Results(given.folder / "accuracy.json", hashes))
    sys.exit(0 if goals(sizes, measured, judged) else 1)


class Results:
    """What was measured already, of the very same files."""

    def __init__(self, path: Path, hashes: dict[str, str]) -> None:
        self.path, self.hashes = path, hashes
        kept = store.read_json(path) if path.exists() else {}
        self.values: dict[str, Any] = kept.get("values", {}) if kept.get("hashes") == hashes else {}

    def keep(self, name: str, value: Any) -> None:  # noqa: ANN401
        """Keep a value."""
        self.values[name] = value
        store.write_json(self.path, {"hashes": self.hashes, "values": self.values})


def prepared(found: Located) -> tuple[dict[str, int], dict[str, str]]:
    """Make the forms that are missing; return the bytes of each subject, and the hash of each form."""
    saved, sizes, hashes = artifact.read(found.model), {}, {}
    for name in FORMS:
        folder = found.forms / name
        if store.damage(folder) or artifact.recorded(folder)["parent"] != saved.sha256:
            make(name, found.model, found.settings, config.ROOT, folder)  # type: ignore[arg-type]
        facts = artifact.recorded(folder)
        sizes[name], hashes[name] = facts["bytes"], store.sha256_file(folder / store.MANIFEST)
        sizes["fp32"], sizes["bf16"] = 4 * facts["parameters"], 2 * facts["parameters"]
        print(name, json.dumps(facts["drift"]), flush=True)
    return sizes, hashes


def opened(found: Located, name: str) -> Any_:
    """Return a subject, loaded; adapters are merged."""
    if name in PLAIN:
        answerer = open_tuned(replace(artifact.read(found.model), precision="fp32"), found.settings, config.ROOT)
        whole: Any = answerer.model
        whole = whole.merge_and_unload() if hasattr(whole, "merge_and_unload") else whole
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[name]
        return LocalAnswerer(whole.to(dtype), answerer.tokenizer, found.settings)
    answerer_ = open_artifact(artifact.read(found.forms / name), found.settings, config.ROOT)
    assert isinstance(answerer_, LocalAnswerer | GgufAnswerer)
    return answerer_


def _generate(answerer: Any_, ids: list[int], tokens: int) -> float:
    """Return the seconds that a number of new tokens take after a prompt that was never seen."""
    if isinstance(answerer, GgufAnswerer):
        body = {"prompt": ids, "max_tokens": tokens, "temperature": 0.0, "ignore_eos": True, "cache_prompt": False}
        began = time.perf_counter()
        answerer.engine.complete(body)
        return time.perf_counter() - began
    model: Any = unwrapped(answerer.model)
    model.set_attn_implementation("sdpa")
    wanted = GenerationConfig(max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False, pad_token_id=0)
    given = torch.tensor([ids])
    began = time.perf_counter()
    with torch.inference_mode():
        model.generate(input_ids=given, attention_mask=torch.ones_like(given), generation_config=wanted)
    return time.perf_counter() - began


def speeds(found: Located, rounds: int, results: Results) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of first token (prefill) and of a decoded token, by subject, one value a round."""
    names = [*PLAIN, *FORMS]
    left = [number for number in range(rounds) if str(number) not in results.values]
    plain = {name: opened(found, name) for name in names if not name.startswith("gguf")} if left else {}
    for number in left:
        taken: dict[str, list[float]] = {}
        for name in names[number % len(names) :] + names[: number % len(names)]:
            answerer = plain.get(name) or opened(found, name)  # a server that waits takes time from the others
            _generate(answerer, list(range(100, 116)), 4)
            ids = torch.randint(100, 40_000, (PREFILL,), generator=torch.Generator().manual_seed(number)).tolist()
            first = _generate(answerer, ids, 1)
            short = ids[:16]
            decoding = _generate(answerer, short, DECODE + 1) - _generate(answerer, short, 1)
            taken[name] = [first, decoding / DECODE]
            if isinstance(answerer, GgufAnswerer):
                answerer.engine.close()
        results.keep(str(number), taken)
        print(f"round {number}: " + ", ".join(f"{n} {s[1] * 1e3:.1f} ms" for n, s in taken.items()), flush=True)
    plain.clear()
    gc.collect()
    values = [results.values[str(number)] for number in range(rounds)]
    return {name: {"first": [v[name][0] for v in values], "token": [v[name][1] for v in values]} for name in names}


def table(sizes: dict[str, int], measured: dict[str, dict[str, list[float]]]) -> None:
    """Print sizes and speeds as ratios."""
    print("| form | bytes / fp32 | bytes / bf16 | decode / fp32 | decode / bf16 | prefill / fp32 | prefill / bf16 |")
    print("|---|---|---|---|---|---|---|")
    for name, own in measured.items():
        shares = [f"{sizes[name] / sizes[plain]:.3f}" for plain in PLAIN]
        faster = [str(ratio(measured[plain][what], own[what])) for what in ("token", "first") for plain in PLAIN]
        print(f"| {name} | {' | '.join(shares + faster)} |", flush=True)
    rate, first = 1 / statistics.median(measured["fp32"]["token"]), statistics.median(measured["fp32"]["first"])
    print(f"fp32 here: {rate:.1f} tokens/s, {first:.2f} s to the first token after {PREFILL}")


def accuracy(found: Located, count: int, results: Results) -> dict[str, float]:
    """Return Q8_0 - fp32 in chapter accuracy on the same items, with its interval."""
    settings = found.settings
    test, documents = judged_by(found)
    domain = open_domain(settings.domain, list(read_documents(documents)))
    most = settings.evaluation.model_copy(update={"max_items": count})
    items = held_out(settings.model_copy(update={"evaluation": most}), read_examples(test))
    metrics = {}
    for name in ("fp32", "gguf_q8_0"):
        answers = _answers(found, name, items, results)
        made = [Prediction(item.id, answer, 0.0, 1, "") for item, answer in zip(items, answers, strict=True)]
        metrics[name] = measure(domain, items, made, settings.domain.language)[METRIC]
    found_ = compare(metrics["fp32"], metrics["gguf_q8_0"], 2000, 0.95, 1).as_dict()
    values = ", ".join(f"{name} {metric.value:.4f}" for name, metric in metrics.items())
    print(f"{METRIC} over {len(items)} items: {values}; difference {found_}")
    return found_


def _answers(found: Located, name: str, items: list[Example], results: Results) -> list[str]:
    done: dict[str, str] = results.values.get(name, {})
    left = [item for item in items if item.id not in done]
    answerer = opened(found, name) if left else None
    for start in range(0, len(left), 50):
        batch = left[start : start + 50]
        assert answerer is not None
        made = answerer.answer(batch)
        done |= {item.id: answer.tagged for item, answer in zip(batch, made, strict=True)}
        results.keep(name, done)
        print(f"{name}: {len(done)} of {len(items)} answered", flush=True)
    return [done[item.id] for item in items]


def goals(sizes: dict[str, int], measured: dict[str, dict[str, list[float]]], judged: dict[str, float]) -> bool:
    """Print each goal and whether it is met; return whether all are."""
    met = [_met(f"{METRIC} of gguf_q8_0 non-inferior at {MARGIN}", judged["low"] >= -MARGIN)]
    for name, (size, fp32, bf16) in GOALS.items():
        met.append(_met(f"{name}: bytes <= {size} x fp32", sizes[name] <= size * sizes["fp32"]))
        for plain, wanted in (("fp32", fp32), ("bf16", bf16)):
            if wanted:
                found: Ratio = ratio(measured[plain]["token"], measured[name]["token"])
                met.append(_met(f"{name}: decode >= {wanted} x {plain}, {found}", found.mean >= wanted))
    return all(met)


def _met(what: str, met: bool) -> bool:
    print(f"{'met' if met else 'MISSED'}: {what}")
    return met


if __name__ == "__main__":
    logging.set_verbosity_error()
    main()
