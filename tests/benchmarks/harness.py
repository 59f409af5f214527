"""Does lm-evaluation-harness find what we find? The same saved model, the same questions, every option compared.

A toy of R1's family is saved with an adapter, merged into the layout of Hugging Face, asked by ``r1tailor ability`` and
by ``lm_eval`` from an environment of its own (``peers/lm_eval.txt``, made once, 1.4 GB), which knows nothing of our
kernels, packing or templates. Two templates: DeepSeek's, whose prompts open a block of reasoning and are rendered
here; Gemma's, which the harness applies itself. A score is the log-likelihood of an option's letter less the largest of
the question's: the harness counts white space before the letter to it, the same for every option.

    python -m tests.benchmarks.harness
    python -m tests.benchmarks.harness --model llama-folder --questions 6   # any saved model of ours

It exits with 1 unless every option of every question agrees and the same option is picked.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from r1tailor import artifact, config
from r1tailor.compression import forms
from r1tailor.evaluation.ability import run
from r1tailor.evaluation.ability.export import GROUP, export, plain, rendered
from r1tailor.evaluation.ability.questions import draw
from r1tailor.evaluation.compare_models import base_and_tuned
from r1tailor.inference import locate
from r1tailor.inference.local import tokenizer_of
from r1tailor.model import load
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy
from tests.benchmarks.environments import python_of
from tests.support.saved_models import saved

REQUIREMENTS = Path(__file__).with_name("peers") / "lm_eval.txt"
TOLERANCE = 1e-3  # nats, in fp32
LEAST = 200  # questions
Scores = Mapping[str, Sequence[float]]  # of a question's options, by its id


@dataclass(frozen=True)
class Agreement:
    """How far two sets of scores are from each other.

    Attributes:
        questions: that both have.
        options: of all of them.
        largest: difference of two scores of an option, in nats.
        picked: questions of which both pick the same option.
        raw: largest difference of what was added to all options of a question alike.
    """

    questions: int
    options: int
    largest: float
    picked: int
    raw: float

    @property
    def whole(self) -> bool:
        """Whether every option of every question agrees."""
        return bool(self.questions) and self.picked == self.questions and self.largest <= TOLERANCE


def agreement(ours: Scores, theirs: Scores) -> Agreement:
    """Compare the scores of the same questions.

    Raises:
        AssertionError: they are not of the same questions and options.
    """
    assert ours.keys() == theirs.keys()
    pairs = [(ours[id_], theirs[id_]) for id_ in ours]
    off = [abs(a - b) for one, other in pairs for a, b in zip(_shifted(one), _shifted(other), strict=True)]
    same = sum(run.picked(one) == run.picked(other) for one, other in pairs)
    return Agreement(len(pairs), len(off), max(off), same, max(abs(max(one) - max(other)) for one, other in pairs))


def _shifted(scores: Sequence[float]) -> list[float]:
    return [score - max(scores) for score in scores]


def toy(chat: str, questions: int, folder: Path) -> tuple[Settings, Path]:
    """Return a composition, and the folder of a toy with an adapter that was merged into its weights."""
    fixed = ("model=tiny_llama", f"model.chat={chat}", "strategy=lora", "trainer.precision=fp32", "ability=full")
    settings = config.load([*fixed, f"ability.most_of_a_set={questions}"])
    strategy = open_strategy(settings.strategy)
    model = strategy.apply(load.load_model(settings.model, config.ROOT, torch.float32, settings.seed))
    draws = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data.normal_(0.0, 0.7, generator=draws)  # far from uniform: options differ by whole nats
    own = saved(model, settings, folder / "adapter").folder
    forms.make("merge", own, settings, config.ROOT, folder / "merged")
    return settings, folder / "merged"


def compared(settings: Settings, model: Path, folder: Path, *, ours_rendered: bool) -> Agreement:
    """Ask a saved model both ways; return how far both agree.

    Args:
        settings: what is asked.
        model: folder in the layout of Hugging Face, and a saved model of ours.
        folder: where to write.
        ours_rendered: whether prompts come rendered to the harness, or it applies the chat template.
    """
    tasks, mine = folder / "tasks", folder / "ours"
    for one in (tasks, mine):
        one.mkdir(parents=True)
    _, tuned = base_and_tuned(model)
    run.measure(settings, (*base_and_tuned(model),), config.ROOT, mine)
    lines = [json.loads(line) for line in (mine / run.ITEMS).read_text("utf-8").splitlines()]
    prompt = rendered(tokenizer_of(artifact.read(model), settings, config.ROOT)) if ours_rendered else plain
    export(draw(settings.ability), tasks, prompt)
    return agreement({line["id"]: line[tuned.name]["scores"] for line in lines}, harness(model, tasks, ours_rendered))


def harness(model: Path, tasks: Path, ours_rendered: bool) -> dict[str, list[float]]:
    """Return what the harness finds of every option, by the question's id."""
    out = tasks / "out"
    command = [
        *(str(python_of(REQUIREMENTS)), "-m", "lm_eval", "--model", "hf", "--device", "cpu", "--batch_size", "8"),
        *("--model_args", f"pretrained={model},dtype=float32", "--include_path", ".", "--tasks", GROUP),
        *("--output_path", str(out), "--log_samples", *([] if ours_rendered else ["--apply_chat_template"])),
    ]
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tasks.parent / "hf")}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | offline
    done = subprocess.run(command, cwd=tasks, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"lm_eval: {done.stderr[-2000:]}")
    return dict(_samples(out))


def _samples(out: Path) -> Iterator[tuple[str, list[float]]]:
    for file in out.rglob("samples_*.jsonl"):
        for line in file.read_text("utf-8").splitlines():
            sample = json.loads(line)
            yield sample["doc"]["id"], [float(option[0]) for option in sample["filtered_resps"]]


def main() -> None:
    """Print the table; exit with 1 where anything disagrees."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--questions", type=int, default=25, help="of each of the nine sets")
    parser.add_argument("--model", help="a saved model of ours in the layout of Hugging Face, in place of toys")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory() as text:
        found = dict(_all(parsed, Path(text)))
    print("| model and template | questions | options | same option picked | largest difference (nats) |")
    print("|---|--:|--:|--:|--:|")
    for name, one in found.items():
        print(f"| {name} | {one.questions} | {one.options} | {one.picked} | {one.largest:.1e} |")
    enough = parsed.model or all(one.questions >= LEAST for one in found.values())
    sys.exit(0 if enough and all(one.whole for one in found.values()) else 1)


def _all(parsed: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Agreement]]:
    if parsed.model:
        found = locate(parsed.model, config.ROOT)
        full = config.load(["ability=full", f"ability.most_of_a_set={parsed.questions}"]).ability
        settings = found.settings.model_copy(update={"ability": full})
        yield f"{parsed.model}, its own", compared(settings, found.model, folder / "model", ours_rendered=False)
        return
    for chat, ours_rendered in (("deepseek", True), ("gemma", False)):
        place = folder / chat
        settings, model = toy(chat, parsed.questions, place)
        how = "rendered here" if ours_rendered else "applied by the harness"
        yield f"toy, {chat}'s, {how}", compared(settings, model, place, ours_rendered=ours_rendered)


if __name__ == "__main__":
    main()
