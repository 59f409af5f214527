"""A model in this process: on the device that the trainer would use, in the dtype that it was trained in."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from r1tailor import store
from r1tailor.artifact import Artifact
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import ChatTokenizer, TokenizedExample, tokenize
from r1tailor.batching.windows import window_shape
from r1tailor.errors import CheckpointError, DataError
from r1tailor.inference.answerer import (
    Answer,
    Likelihood,
    Progress,
    Prompt,
    as_examples,
    by_example,
    longest,
    responding,
    silent,
)
from r1tailor.inference.blocks import before_labels, block_length
from r1tailor.inference.decoder import answers, knows
from r1tailor.inference.generation import generate
from r1tailor.inference.ranking import rank
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.inference.wanted import budget_of
from r1tailor.kernels.attention import unwrapped
from r1tailor.model import gate, load
from r1tailor.model.int8 import load_int8
from r1tailor.model.origin import base_of
from r1tailor.model.quantised import whole
from r1tailor.model.temporal import soft_tokens
from r1tailor.model.temporal_files import attach_saved
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.planning.precision import COMPUTE, device, precision
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from r1tailor.strategy import load_base, load_tuned

_PLAIN = 32  # prompts at once where transformers generates: more take memory and are no faster


class LocalAnswerer:
    """A model and its tokenizer; an ``Answerer``.

    A model with a temporal encoder reads the examples' windows. One without, as the untrained base, cannot read soft
    tokens: its prompts are rendered without them.

    Args:
        model: in evaluation mode, with attention over packed rows, on its device.
        tokenizer: of that model.
        settings: ``model.context_length``, ``trainer.micro_batch_tokens`` (positions of a packed row), ``evaluation``
            (batch size, length of an answer) and the instruction of the domain's task are read.
    """

    def __init__(self, model: nn.Module, tokenizer: ChatTokenizer, settings: Settings) -> None:
        self.model = model
        self.settings = settings
        self.tokenizer = tokenizer.with_soft_tokens(soft_tokens(model))
        self._device = next(model.parameters()).device

    def answer(
        self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent
    ) -> list[Answer]:
        """Return one answer for each prompt, in order (see ``Answerer``)."""
        return self.written(prompts, sampling, lambda number, answer: progress(1))

    def written(
        self, prompts: Sequence[Prompt], sampling: Sampling, finished: Callable[[int, Answer], None]
    ) -> list[Answer]:
        """Return the same, and hand over each answer with its prompt's number when it is written."""
        wanted, context = self.settings.evaluation, self.settings.model.context_length
        with torch.inference_mode():
            tokens = self._prompts(self._examples(prompts))
            how, asked = sampling.within(wanted), (self.model, self.tokenizer, tokens)
            if not knows(self.model):
                return generate(*asked, how, min(wanted.batch_size, _PLAIN), finished, context)
            budget = budget_of(self.model, self.settings.trainer.micro_batch_tokens, wanted.batch_size)
            return answers(*asked, how, budget, finished, context)

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        """Return the likelihood of each response, or of the examples' own (see ``Answerer``)."""
        examples = responding(self._examples(prompts), responses)
        tokenized = tokenize(examples, self.tokenizer, longest(examples, self.settings)) if examples else None
        if tokenized is None:
            return []
        self._refuse(tokenized.too_long)
        with torch.inference_mode():
            values = self._likelihoods(tokenized.examples)
            blocks = self._block_likelihoods(tokenized.examples, values)
        found = [
            Likelihood(value, len(tokens.response), *block)
            for value, tokens, block in zip(values, tokenized.examples, blocks, strict=True)
        ]
        progress(len(examples))
        return by_example(examples, [tokens.id for tokens in tokenized.examples], found)

    def rank(
        self,
        prompts: Sequence[Prompt],
        labels: Sequence[Sequence[str]],
        progress: Progress = silent,
        reasoning: Sequence[str] | None = None,
    ) -> list[tuple[float, ...]]:
        """Return log-likelihoods (nats) of each prompt's labels, in their order (see ``Answerer``)."""
        budget = self.settings.trainer.micro_batch_tokens
        examples = self._examples(prompts)
        asked, wanted = (examples, labels), self.settings.evaluation
        blocks = before_labels(self, self.tokenizer, asked, reasoning, wanted)
        with torch.inference_mode():
            scores = rank(self.model, self.tokenizer, examples, labels, budget, self._device, progress, blocks)
        return [tuple(values) for values in scores]

    def _examples(self, prompts: Sequence[Prompt]) -> list[Example]:
        return as_examples(prompts, self.settings.domain.task.instruction)

    def _prompts(self, examples: Sequence[Example]) -> list[TokenizedExample]:
        if self.tokenizer.soft_tokens:
            window_shape(examples)
        tokens = [self.tokenizer.prompt(example) for example in examples]
        self._refuse([one.id for one in tokens if len(one.prompt) >= self.settings.model.context_length])
        return tokens

    def _refuse(self, too_long: Sequence[str]) -> None:
        if too_long:
            listed = ", ".join(too_long[:5])
            raise DataError(
                f"{len(too_long)} prompts are longer than model {self.settings.model.name} reads "
                f"({self.settings.model.context_length:,} tokens): {listed}"
            )

    def _likelihoods(self, tokens: Sequence[TokenizedExample]) -> list[float]:
        """Return the log-likelihood of each response, in nats."""
        result = [0.0] * len(tokens)
        for micro in pack(tokens, self.settings.trainer.micro_batch_tokens, self.tokenizer.end):
            values = log_likelihoods(self.model, micro.to(self._device)).tolist()
            for member, value in zip(micro.members, values, strict=True):
                result[member] = value
        return result

    def _block_likelihoods(self, tokens: Sequence[TokenizedExample], whole: Sequence[float]) -> list[tuple[float, int]]:
        """Return the log-likelihood (nats) and length of each response's block, which is what the answer leaves."""
        lengths = [block_length(self.tokenizer, one) for one in tokens]
        behind = [
            replace(one, prompt=one.prompt + one.response[:n], response=one.response[n:])
            for one, n in zip(tokens, lengths, strict=True)
            if n
        ]
        answers = iter(self._likelihoods(behind) if behind else ())
        return [(value - next(answers), n) if n else (0.0, 0) for value, n in zip(whole, lengths, strict=True)]


def open_tuned(artifact: Artifact, settings: Settings, root: Path) -> LocalAnswerer:
    """Return a saved model, in the dtype that it was trained in.

    Args:
        artifact: the saved model.
        settings: the composition that it was trained with.
        root: the project's root, for relative local paths.

    Raises:
        CheckpointError: it does not fit, or the base model or tokenizer here is not the one that it was trained on.
        ModelUnavailableError: its base model cannot be had.
        PreflightError: its architecture is not supported.
    """
    dtype = COMPUTE[artifact.precision]
    tokenizer = tokenizer_of(artifact, settings, root)
    gate.check(load.load_config(settings.model, root), settings, training=False)
    if artifact.kind == "int8":
        return LocalAnswerer(_int8(artifact, settings, root), tokenizer, settings)
    if artifact.kind == "adapter":
        base = load_base(settings, root, dtype)
        _refuse_another_base(artifact, settings, root)
    else:
        base = load.skeleton(whole(load.load_config(settings.model, root))).to(dtype)
        if artifact.kind == "compressed":
            described = store.read_json(artifact.folder / "config.json")["quantization_config"]
            base.config.quantization_config = described | {"dequantize": True}  # else with the first whole forward
    tuned = load_tuned(base, artifact.folder, artifact.kind, temporal=artifact.temporal)
    return LocalAnswerer(_placed(tuned, dtype, settings), tokenizer, settings)


def tokenizer_of(artifact: Artifact, settings: Settings, root: Path) -> ChatTokenizer:
    """Return the tokenizer that a saved model was trained with.

    Raises:
        CheckpointError: the one here is another.
        ModelUnavailableError: it cannot be had.
    """
    task = settings.domain.task
    tokenizer = load.load_tokenizer(settings.model, root, task.template, task.reasoning)
    if (tokenizer.sha256, tokenizer.template_sha256) != (artifact.tokenizer, artifact.chat_template):
        raise CheckpointError(
            f"{artifact.folder}: the tokenizer of model {settings.model.name} or its chat template here is not the "
            "one that it was trained with"
        )
    return tokenizer


def _int8(artifact: Artifact, settings: Settings, root: Path) -> nn.Module:
    model = load_int8(load.load_config(settings.model, root), artifact.folder)
    if artifact.temporal:
        attach_saved(model, artifact.folder)
    return model


def open_base(settings: Settings, root: Path, in_precision: str | None = None) -> LocalAnswerer:
    """Return the base model of a composition.

    Args:
        settings: the composition.
        root: the project's root, for relative local paths.
        in_precision: bf16, fp16 or fp32; None for that of the trainer.

    Raises:
        ModelUnavailableError: it cannot be had.
        PreflightError: its architecture is not supported.
    """
    dtype = COMPUTE[in_precision or precision(settings)]
    gate.check(load.load_config(settings.model, root), settings, training=False)
    base = load_base(settings, root, dtype)
    task = settings.domain.task
    tokenizer = load.load_tokenizer(settings.model, root, task.template, task.reasoning)
    return LocalAnswerer(_placed(base, dtype, settings), tokenizer, settings)


def _placed(model: nn.Module, dtype: torch.dtype, settings: Settings) -> nn.Module:
    """Return a model on its device, in its dtype; quantised weights keep their own, and cannot be cast."""
    quantised = getattr(unwrapped(model), "is_quantized", False)
    return (model if quantised else model.to(dtype)).to(_device(settings)).eval()


def _device(settings: Settings) -> torch.device:
    """Return where the trainer would compute; the CPU where a model of a GPU is asked on a machine without one."""
    return torch.device("cuda" if device(settings) == "gpu" and _gpu_is_here() else "cpu")


def _gpu_is_here() -> bool:
    return torch.cuda.is_available()


def _refuse_another_base(artifact: Artifact, settings: Settings, root: Path) -> None:
    here = base_of(settings.model, root, settings.seed)
    if here.sha256 != artifact.base.sha256:
        raise CheckpointError(f"{artifact.folder} was trained on {artifact.base}; the base model here is {here}")
