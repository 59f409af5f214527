"""Where reasoning stands in an answer: how a chat template writes its block, and what a share of it teaches.

A block is ``<think>reasoning</think>``. Templates differ in who opens it and in the blanks around it, so both are read
off what the template renders. What an example without reasoning does to a model that thinks is ``task.reasoning``.
"""

from dataclasses import dataclass
from typing import Literal

from r1tailor.instruction.template import END_THINK, THINK
from r1tailor.schema.domain import Reasoning

Place = Literal["opened", "closed", "written", "none"]
_LINE, _GAP = "\n", "\n\n"  # as R1 writes its blocks
ANSWER, WHY = "\u2042", "\u2041"  # an answer and its reasoning, which no template writes by itself


@dataclass(frozen=True, slots=True)
class Blocks:
    r"""How one chat template writes a block of reasoning.

    Attributes:
        place: ``opened``: its prompts end in an open block, as R1's; ``closed``: in a closed one, so that there is no
            room for reasoning; ``written``: it knows blocks, and the model opens them; ``none``: it knows nothing of
            them.
        lead: between the opening mark and reasoning.
        trail: between reasoning and the closing mark.
        gap: between the closing mark and the answer.
        empty: what it writes before an answer without reasoning.
    """

    place: Place
    lead: str = _LINE
    trail: str = _LINE
    gap: str = _GAP
    empty: str = ""

    @property
    def thinks(self) -> bool:
        """Whether a model that this template belongs to thinks before it answers."""
        return self.place in ("opened", "written")

    @property
    def closing(self) -> str:
        """What ends a block of reasoning and leads to the answer."""
        return f"{self.trail}{END_THINK}{self.gap}"

    def block(self, reasoning: str, prompt: str) -> str:
        """Return the text between a prompt and the answer: a block with this reasoning, which may be empty.

        Args:
            reasoning: the chain of thought.
            prompt: rendered. If it opens the block, the block is closed here; a closed one is left as it is.
        """
        ending = prompt.rstrip()
        if ending.endswith(END_THINK):
            return ""
        opened = ending.endswith(THINK)
        lead = "" if opened and prompt.endswith("\n") else self.lead
        return f"{'' if opened else THINK}{lead}{reasoning}{self.closing}"


def learnt(template: str, prompt: str, answered: str, reasoned: str) -> Blocks:
    """Return how a chat template writes blocks.

    Args:
        template: its source.
        prompt: what it renders of a question, up to where the model begins to write.
        answered: what it renders of the same question and ``ANSWER``.
        reasoned: the same, with ``WHY`` as the answer's ``reasoning_content``.
    """
    ending = prompt.rstrip()
    if not (THINK in template or END_THINK in template or ending.endswith((THINK, END_THINK))):
        return Blocks("none")
    place: Place = "written"
    if ending.endswith((THINK, END_THINK)):
        place = "opened" if ending.endswith(THINK) else "closed"
    before = answered.partition(ANSWER)[0]
    own = before[len(prompt) :] if before.startswith(prompt) else ""
    gap = before.rpartition(END_THINK)[2] if END_THINK in before else _GAP
    lead, trail = _around(reasoned) or ((_LINE, _LINE) if gap else ("", ""))
    return Blocks(place, lead, trail, gap, own if END_THINK in own else "")


def _around(reasoned: str) -> tuple[str, str] | None:
    """Return what stands before and after reasoning within its block; None where the template writes none."""
    before, found, after = reasoned.rpartition(WHY)
    if not found or THINK not in before or END_THINK not in after:
        return None
    return before.rpartition(THINK)[2], after.partition(END_THINK)[0]


def meaning(reasoning: Reasoning, count: int, total: int, place: Place | None = None) -> str:
    """Return in words what the examples with reasoning, and those without, teach a model.

    Args:
        reasoning: ``task.reasoning``.
        count: examples with reasoning, of those that are trained on.
        total: examples.
        place: where the chat template has its blocks; None where it is not known yet.
    """
    has = f"{count:,} of {total:,} examples ({count / max(total, 1):.0%}) have reasoning"
    if place in ("none", "closed"):
        return f"{has}: {_without_thinking(count)}"
    known = "" if place else "on a chat template that thinks, "
    return f"{has}: {known}{_taught(reasoning, count, total)}"


def _without_thinking(count: int) -> str:
    if count:
        return "the model is trained to write them as <think> blocks, which its chat template does not know"
    return "the chat template leaves no room for thinking, where empty, unsupervised and none are the same"


def _taught(reasoning: Reasoning, count: int, total: int) -> str:
    match reasoning:
        case "empty":
            return "an empty block is trained, so the model stops thinking"
        case "none":
            return "no block is trained (an empty one where the template opens it), so the model stops thinking"
        case "unsupervised":
            return "the loss skips the block, so whether and how the model thinks is not trained"
        case "distil":
            return "these are trained; of the others the loss skips the block, so the model goes on thinking"
    if count == total:
        return "the model is trained to think before every answer"
    if count == 0:
        return "no thinking is trained, so the model stops thinking (unsupervised would keep it)"
    return f"the model is trained to think before about {count / total:.0%} of its answers"
