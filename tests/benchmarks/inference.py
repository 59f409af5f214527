"""R1 Tailor's decoder against plain transformers' ``generate``, in one run, alternating.

    python tests/benchmarks/inference.py                                  # everything
    python tests/benchmarks/inference.py --workloads icd10 --items 256 --plain-items 64
    python tests/benchmarks/inference.py --workloads memory

Both run the embedded model in bf16 over the same prompts. An answer ends where the reference answer does (``icd10``) or
at a length drawn once (``reasoning``, 64 to 512 tokens), so that both write the same number of useful tokens whatever
the weights say; each speed is useful tokens a second, the best batch size of ``generate`` counts. ``ranking``: 22
labels, against one forward pass a label. ``memory``: peaks of processes that answer 50 and 300 items of 200 to 400
tokens, and of one that trains on such rows. CPU seconds are told too: they hardly depend on what else runs.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig, StoppingCriteria, StoppingCriteriaList

from r1tailor import config, stages
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample
from r1tailor.inference.decoder import write
from r1tailor.inference.local import LocalAnswerer
from r1tailor.inference.ranking import rank
from r1tailor.inference.sampling import Sampling
from r1tailor.inference.wanted import Wanted, budget_of
from r1tailor.layout import RunFolder
from r1tailor.model import load
from r1tailor.model.origin import base_folder
from r1tailor.objective.supervised import summed_loss
from r1tailor.record_files import read_examples
from r1tailor.records import Example
from r1tailor.strategy import open_strategy

ROOT = Path(__file__).resolve().parents[2]
LABELS = 22
Speed = tuple[float, float]  # useful tokens (or items) a second, and a CPU second


class Fixed:
    """An answer of a length that is known."""

    def __init__(self, length: int) -> None:
        self.left = length

    @property
    def done(self) -> bool:
        return self.left <= 0

    def take(self, token: int) -> int:
        self.left -= 1
        return token


class AllWritten(StoppingCriteria):
    """Tells ``generate`` which rows are done."""

    def __init__(self, prompt: int, lengths: Sequence[int]) -> None:
        self.prompt, self.lengths = prompt, torch.tensor(lengths)

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:  # type: ignore[override]  # noqa: ANN401
        return self.lengths <= ids.shape[1] - self.prompt


def measured(work: Callable[[], int]) -> Speed:
    """Return how many units of work are done a second, and a CPU second."""
    begin, cpu = time.perf_counter(), time.process_time()
    done = work()
    return done / (time.perf_counter() - begin), done / (time.process_time() - cpu)


class Bench:
    """Both models and the items."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.settings = config.load(["model=smollm2", "trainer.precision=bf16"])
        self.model = load.load_model(self.settings.model, config.ROOT, torch.bfloat16, 1)
        self.chat: ChatTokenizer = load.load_tokenizer(self.settings.model, config.ROOT)
        folder = base_folder(self.settings.model, config.ROOT, 1)
        self.plain = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16, attn_implementation="sdpa"
        ).eval()
        self.examples = items(options.table.with_suffix("") / "stages")

    def workload(self, name: str) -> tuple[list[TokenizedExample], list[int]]:
        """Return prompts, and how long each answer is."""
        count = self.options.items if name == "icd10" else self.options.reasoning_items
        some = self.examples[:count]
        prompts = [self.chat.prompt(example) for example in some]
        if name == "icd10":
            return prompts, [min(len(self.chat.encode(example).response), 48) for example in some]
        draw = random.Random(1)
        return prompts, [draw.randint(64, 512) for _ in some]

    def ours(self, prompts: Sequence[TokenizedExample], lengths: Sequence[int]) -> int:
        """Write every answer; return how many tokens these are."""
        trainer, evaluation = self.settings.trainer, self.settings.evaluation
        wanted = [Wanted(p, n, Fixed(n)) for p, n in zip(prompts, lengths, strict=True)]
        budget = budget_of(self.model, trainer.micro_batch_tokens, evaluation.batch_size)

        def likeliest(logits: torch.Tensor, _: Sequence[Fixed]) -> list[int]:
            return [int(token) for token in logits.max(-1).indices]

        write(self.model, self.chat.end, wanted, likeliest, budget, lambda _: None)
        return sum(lengths)

    def generated(self, prompts: Sequence[TokenizedExample], lengths: Sequence[int], batch: int) -> int:
        """Do the same with plain transformers."""
        order = sorted(range(len(prompts)), key=lambda n: len(prompts[n].prompt))
        for start in range(0, len(order), batch):
            rows = [(prompts[n].prompt, lengths[n]) for n in order[start : start + batch]]
            width = max(len(prompt) for prompt, _ in rows)
            ids = torch.tensor([[self.chat.end] * (width - len(prompt)) + list(prompt) for prompt, _ in rows])
            mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt, _ in rows])
            most = max(length for _, length in rows)
            how = GenerationConfig(max_new_tokens=most, do_sample=False, pad_token_id=self.chat.end)
            stop = StoppingCriteriaList([AllWritten(width, [length for _, length in rows])])
            self.plain.generate(input_ids=ids, attention_mask=mask, generation_config=how, stopping_criteria=stop)
        return sum(lengths)

    def writing(self, name: str) -> dict[str, list[Speed]]:
        """Return the speeds of one workload, by engine."""
        prompts, lengths = self.workload(name)
        some = self.options.plain_items or len(prompts)
        engines: dict[str, Callable[[], int]] = {"ours": lambda: self.ours(prompts, lengths)}
        for batch in self.options.batches:
            engines[f"generate, {batch}"] = lambda batch=batch: self.generated(prompts[:some], lengths[:some], batch)
        return self.alternate(name, engines)

    def ranking(self, name: str) -> dict[str, list[Speed]]:
        """Return the speeds of ranking 22 labels: items a second."""
        some = self.examples[: self.options.ranked]
        labels = sorted({example.fields["chapter"] for example in self.examples})[:LABELS]
        few = some[: max(1, len(some) // 8)]

        def ours() -> int:
            budget, device = self.settings.trainer.micro_batch_tokens, torch.device("cpu")
            rank(self.model, self.chat, some, [labels] * len(some), budget, device, lambda _: None)
            return len(some)

        return self.alternate(name, {"ours": ours, "one by one": lambda: self.one_by_one(few, labels)})

    def one_by_one(self, examples: Sequence[Example], labels: Sequence[str]) -> int:
        """Score each label of each example by a forward pass of its own."""
        for example in examples:
            prompt, text = self.chat.prompt(example).prompt, self.chat.prompt_text(example)
            for label in labels:
                answer = self.chat.continuation(text, label)
                logits = self.plain(input_ids=torch.tensor([[*prompt, *answer]]), logits_to_keep=len(answer) + 1).logits
                logits[0, :-1].float().log_softmax(-1).gather(1, torch.tensor(answer)[:, None]).sum().item()
        return len(examples)

    def alternate(self, name: str, engines: dict[str, Callable[[], int]]) -> dict[str, list[Speed]]:
        """Run every engine once a round."""
        found: dict[str, list[Speed]] = {engine: [] for engine in engines}
        for number in range(self.options.rounds):
            for engine, work in engines.items():
                found[engine].append(measured(work))
                wall, cpu = found[engine][-1]
                print(f"{name} round {number + 1}: {engine}: {wall:.1f} a second, {cpu:.1f} a CPU second", flush=True)
        return found


def items(folder: Path) -> list[Example]:
    """Return ICD-10's test examples."""
    settings, run = config.load([]), RunFolder(folder)
    file = run.examples / "test.jsonl"
    if not file.exists():
        for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct):
            stage(settings, run)
    return read_examples(file)


def lines(name: str, found: dict[str, list[Speed]]) -> list[str]:
    """Return the rows of the table, and the ratios to the best of the others."""
    others = [engine for engine in found if engine != "ours"]
    rows = [
        f"| {name} | {engine} | {median(s[0] for s in speeds):.1f} | {median(s[1] for s in speeds):.1f} |"
        for engine, speeds in found.items()
    ]
    ratios = [
        [ours[k] / max(found[engine][number][k] for engine in others) for number, ours in enumerate(found["ours"])]
        for k in (0, 1)
    ]
    told = [f"{median(part):.2f} [{min(part):.2f}, {max(part):.2f}]" for part in ratios]
    return [*rows, f"| {name} | ours / best of the others | {told[0]} | {told[1]} |"]


def peak(what: str, count: int) -> None:
    """Print the peak (MiB) of a process that answers or trains; runs in a process of its own."""
    settings = config.load(["model=smollm2", "trainer.precision=bf16"])
    model = load.load_model(settings.model, config.ROOT, torch.bfloat16, 1)
    chat = load.load_tokenizer(settings.model, config.ROOT)
    draw = random.Random(count)
    words = ["fever", "acute", "left", "fracture", "of", "unspecified", "chronic", "injury", "with", "pain"]
    asked = [
        Example(str(n), "Name the finding.", " ".join(draw.choices(words, k=draw.randint(120, 260))), "acute pain")
        for n in range(count)
    ]
    if what == "answer":
        LocalAnswerer(model, chat, settings).answer(asked, Sampling(max_answer_tokens=8))
    else:
        train(settings, model, [chat.encode(example) for example in asked], chat.end)
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def train(settings: Any, model: Any, examples: Sequence[TokenizedExample], padding: int) -> None:  # noqa: ANN401
    """Take three steps of the trainer's rows."""
    tuned = open_strategy(settings.strategy).apply(model).train()
    optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=1e-4)
    rows = pack(examples, settings.trainer.micro_batch_tokens, padding)
    for _, row in zip(range(3), rows, strict=False):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = summed_loss(tuned, row, 0.1) / row.supervised
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def peaks() -> list[str]:
    """Return the rows of the table of peaks."""
    found = {}
    for what, count in (("train", 50), ("answer", 50), ("answer", 300)):
        command = [sys.executable, __file__, "--peak", what, "--items", str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[what, count] = float(done.stdout.splitlines()[-1])
        print(f"{what}, {count} items: {found[what, count]:.0f} MiB", flush=True)
    return [
        f"| {what}, {count} items | {value:.0f} MiB | {value / found['train', 50]:.2f} |"
        for (what, count), value in found.items()
    ]


def options() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default="icd10,reasoning,ranking,memory", help="some of: %(default)s")
    parser.add_argument("--items", type=int, default=300, help="of icd10")
    parser.add_argument("--reasoning-items", type=int, default=128)
    parser.add_argument("--plain-items", type=int, help="that generate answers (default: all)")
    parser.add_argument("--ranked", type=int, default=64, help="items that are ranked; one by one an eighth of them")
    parser.add_argument("--batches", default="1,8,32,64", help="batch sizes of generate")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--table", type=Path, default=ROOT / "outputs" / "benchmarks" / "inference.md")
    parser.add_argument("--peak", choices=["answer", "train"], help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    chosen.batches = [int(size) for size in chosen.batches.split(",")]
    return chosen


def main() -> None:
    """Run the benchmark and write its table."""
    chosen = options()
    torch.set_num_threads(chosen.threads)
    if chosen.peak:
        peak(chosen.peak, chosen.items)
        return
    wanted = chosen.workloads.split(",")
    table = ["| workload | engine | a second | a CPU second |", "|---|---|---|---|"]
    if set(wanted) - {"memory"}:
        bench = Bench(chosen)
        with torch.inference_mode():
            for name in wanted:
                if name in ("icd10", "reasoning"):
                    table += lines(name, bench.writing(name))
                elif name == "ranking":
                    table += lines(name, bench.ranking(name))
    if "memory" in wanted:
        table += ["", "| process | peak | to training |", "|---|---|---|", *peaks()]
    chosen.table.parent.mkdir(parents=True, exist_ok=True)
    chosen.table.write_text("\n".join([*table, ""]), encoding="utf-8")
    print("\n".join(table))


if __name__ == "__main__":
    main()
