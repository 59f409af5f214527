"""What examples with and without reasoning teach the model at hand: said before training, or refused."""

from r1tailor.errors import PreflightError
from r1tailor.instruction.reasoning import meaning
from r1tailor.planning.tokenized_parts import TokenizedParts
from r1tailor.schema.settings import Settings


def taught(settings: Settings, tokens: TokenizedParts) -> list[str]:
    """Return a line on the share of examples with reasoning and on what it means; none where whole texts are read.

    Args:
        settings: the composition.
        tokens: of the examples to train on.

    Raises:
        PreflightError: the model thinks, no example has reasoning, and ``domain.task.reasoning`` chooses nothing.
        ModelUnavailableError: the tokenizer cannot be had.
    """
    task, examples = settings.domain.task, tokens.parts["train"]
    if task.kind == "text" or not examples:
        return []
    blocks = tokens.tokenizer.blocks
    count = sum(bool(example.reasoning) for example in examples)
    if task.reasoning == "refuse" and blocks.thinks and not count:
        does = "opens <think>" if blocks.place == "opened" else "knows <think>"
        raise PreflightError(
            f"none of {len(examples):,} training examples has reasoning, and model {settings.model.name} thinks before "
            f"it answers (its chat template {does}). Choose what they teach it: domain.task.reasoning=unsupervised "
            "(the loss skips the block: it goes on thinking), empty (an empty block is trained: it stops thinking), "
            "none (no block is trained: it stops thinking), or distil (a teacher writes reasoning; with "
            "objective=distillation_sequences)"
        )
    return [f"reasoning: {task.reasoning}: {meaning(task.reasoning, count, len(examples), blocks.place)}"]
