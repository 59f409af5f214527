"""A project whose toy champion has learnt a world (``continual_streams.py``), and days of it run as the command does.

The champion is a Llama of two layers over pieces of words, trained by the pipeline's stages for a few hundred steps,
registered and promoted. It is made once in a folder; every experiment works on a copy.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from r1tailor import artifact, config, stages, store
from r1tailor.commands import update as command
from r1tailor.inference import open_located
from r1tailor.inference.answerer import Answerer
from r1tailor.inference.local import open_tuned
from r1tailor.layout import RunFolder
from r1tailor.records import Example
from r1tailor.registry import Registry
from r1tailor.schema.settings import Settings
from r1tailor.update.day import Day, UpdateFolder
from tests.benchmarks.continual_rows import Row, Stream
from tests.support.proven_days import registered

TINY = (
    *("model=local", "strategy=full", "trainer.precision=fp32", "optimizer.lr=3e-3"),
    *("trainer.batch_size=32", "trainer.max_epochs=40", "trainer.validations=4", "trainer.label_smoothing=0"),
    *("trainer.micro_batch_tokens=8192", "trainer.early_stopping.patience=1000"),
)
REAL = ("model=smollm2", "strategy=lora", "trainer.max_epochs=1", "trainer.max_steps=null", "evaluation.max_items=64")
VOCABULARY = 3000
MARKS = ("<end>", "<pad>", "<user>", "<assistant>")
TEMPLATE = (
    "{% for message in messages %}{{ '<' + message['role'] + '>' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ '<end>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)
STEPS = 400  # optimizer steps of the tiny champion
TASK = (
    *("domain.task.reasoning=empty", "domain.split.test=0.25", "domain.split.leaks.on_leak=remove"),
    *("evaluation.max_answer_tokens=16", "evaluation.max_reasoning_tokens=8", "evaluation.plain_baselines=0"),
    *("evaluation.resamples=200", "trainer.validation_examples=64", "evaluation.max_items=64"),
)
DAILY = (  # of the update, over conf/update/daily.yaml; printed with every table
    *("update.promote.mode=automatic", "update.promote.channels=[]", "update.train.epochs=5"),
    "update.train.replay.self_written=0",
    *("update.prove.items=1000", "update.prove.margins.held_out=0.03", "update.select.held_out=0.3"),
    *("update.select.confidence.samples=0",),  # likelihood: cheaper than five draws
)


@dataclass(frozen=True)
class Project:
    """A project's folder and the composition of its next day."""

    root: Path
    name: str
    settings: Settings

    @property
    def places(self) -> UpdateFolder:
        """Of the daily update."""
        return UpdateFolder(self.root / "outputs" / self.name / "update")

    @property
    def registry(self) -> Registry:
        """The project's."""
        return Registry(self.root / "outputs" / "registry")

    @property
    def current(self) -> str:
        """Id of the version that the domain's name means."""
        return str(self.registry.current(self.name))

    def at(self, root: Path, stream: Stream, seed: int, *overrides: str) -> "Project":
        """Return its copy at another place, which was made before."""
        return Project(root, self.name, composed(root, stream, seed, *overrides))

    def bring_up_to(self, rows: Sequence[Row]) -> None:
        """Write the domain's source: all rows so far, in the order in which they came."""
        store.write_text(self.root / "rows.jsonl", "".join(json.dumps(row.line()) + "\n" for row in rows))

    def champion(self) -> Answerer:
        """Return what serves."""
        from r1tailor.inference.locate import locate

        return open_located(locate(self.current, self.root), root=self.root)

    def candidate(self, day: Day) -> Answerer:
        """Return the candidate of a day, promoted or not."""
        return open_tuned(artifact.read(day.stage("train") / "model"), self.settings, self.root)


def toy_base(folder: Path, rows: Sequence[Row]) -> None:
    """Write a Llama with random weights, and a tokenizer of byte pairs that is made of some rows."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[*MARKS], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator((f"{row.instruction}\n\n{row.input}" for row in rows), trainer)
    end, pad, *_ = MARKS
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end, pad_token=pad)
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    size = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    ids = {"eos_token_id": fast.eos_token_id, "pad_token_id": fast.pad_token_id, "bos_token_id": None}
    torch.manual_seed(0)
    shape = LlamaConfig(vocab_size=len(fast), max_position_embeddings=512, tie_word_embeddings=True, **size, **ids)
    LlamaForCausalLM(shape).save_pretrained(folder)


def composed(root: Path, stream: Stream, seed: int, *overrides: str) -> Settings:
    """Compose a world over the rows below a root."""
    labels = f"domain.task.labels=[{','.join(stream.labels)}]"
    asked = f"domain.task.instruction={stream.asks}"
    tiny = () if REAL[0] in overrides else (*TINY, f"model.path={root / 'base'}")
    domain = (
        "domain=generic",
        f"domain.name={stream.name}",
        f"domain.sources.0.path={root / 'rows.jsonl'}",
        labels,
        asked,
    )
    return config.load([*domain, *TASK, *tiny, *DAILY, f"seed={seed}", *overrides])


def champion(folder: Path, stream: Stream, seed: int, *overrides: str, steps: int = STEPS) -> Project:
    """Return a project with the first champion of a world, made where it is not there yet."""
    root = folder / f"champion-{stream.name}-{seed}"
    if not (root / "ready").exists():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        toy_base(root / "base", stream.base)
        made = Project(root, stream.name, composed(root, stream, seed, f"trainer.max_steps={steps}", *overrides))
        made.bring_up_to(stream.base)
        run = RunFolder(root / "run")
        for stage in ("collect", "clean", "annotate", "instruct", "teach", "train"):
            stages.STAGES[stage](made.settings, run)
        version = registered(root, run, made.settings)
        made.registry.promote(version.id, force=True, reason="the first champion")
        shutil.rmtree(root / "run")
        store.write_text(root / "ready", "")
    return Project(root, stream.name, composed(root, stream, seed, *overrides))


def copied(made: Project, root: Path, stream: Stream, seed: int, *overrides: str) -> Project:
    """Return a copy of a project, with the composition that its days are to have."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(made.root, root, symlinks=True)
    return made.at(root, stream, seed, *overrides)


@contextmanager
def _standing_in(project: Project) -> Iterator[None]:
    """Let the command find a project and its composition without a ``conf/`` of its own."""
    with (
        patch.object(config, "ROOT", project.root),
        patch.object(command, "_settings", lambda _domain: project.settings),
    ):
        yield


def run_day(project: Project, name: str) -> Day:
    """Run a day as ``r1tailor update DOMAIN --day NAME`` does; return it.

    Raises:
        UserError: nothing came in.
    """
    with _standing_in(project):
        command._run_day(project.name, name)
    return project.places.day(name)


@contextmanager
def fast_disk() -> Iterator[None]:
    """Leave out syncing to the disk, where no kill is what is measured; one thread, so that forks may follow."""
    torch.set_num_threads(1)
    with patch.object(os, "fsync", lambda _: None):
        yield


def accuracy(answerer: Answerer, rows: Sequence[Row]) -> list[float]:
    """Return [n] whether each answer is right, by the product's own generation."""
    asked = [Example(f"probe/{n}", row.instruction, row.input, "") for n, row in enumerate(rows)]
    return [float(said == row.output) for said, row in zip(said_by(answerer, asked), rows, strict=True)]


def said_by(answerer: Answerer, asked: Sequence[Example]) -> list[str]:
    """Return what a model answers, greedily."""
    return [one.answer.strip() for one in answerer.answer(asked)] if asked else []


def share(values: Sequence[float]) -> float:
    """Return the mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def decided(project: Project, day: str) -> Mapping[str, Any]:
    """Return the newest line of a day in the history."""
    from r1tailor.update.history import entries

    return [one for one in entries(project.places.history) if one["day"] == day][-1]
