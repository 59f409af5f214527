"""An answer as people read it: reasoning apart from what was answered."""

from r1tailor.instruction.template import END_THINK, THINK


def parts(written: str) -> tuple[str, str]:
    """Return reasoning and answer of what a model wrote; the answer is empty where the reasoning never ended."""
    if END_THINK in written:
        reasoning, _, content = written.rpartition(END_THINK)
    elif written.lstrip().startswith(THINK):
        reasoning, content = written, ""
    else:
        reasoning, content = "", written
    return reasoning.strip().removeprefix(THINK).strip(), content.strip()
