"""How an example is said to the model, R1 style.

The prompt is rendered by the tokenizer's own chat template, with the generation prompt: the very text the
model is asked with later. The response follows it: optional reasoning between ``<think>`` and ``</think>``,
then the answer. DeepSeek advises against a system prompt for R1, so the instruction opens the user's turn,
where examples of one task share it as a prefix.
"""

from r1tailor.records import Example

THINK = "<think>"
END_THINK = "</think>"
_NO_CHARACTER = "\ufdd0"


def messages(example: Example, marker: str = "") -> list[dict[str, str]]:
    """Return the chat turns before the answer.

    Args:
        example: what to ask.
        marker: stands between instruction and input, where the example's window belongs; empty for none.
    """
    content = "\n\n".join(part for part in (example.instruction, marker, example.input) if part)
    return [{"role": "user", "content": content}]


def marker_for(example: Example) -> str:
    """Return a text that does not occur in the example's own, to mark a place in its prompt.

    It is a run of U+FDD0, which is no character and never will be (Unicode standard, 23.7), longer than any of the
    example's runs of it.
    """
    marker = _NO_CHARACTER
    while marker in example.instruction or marker in example.input:
        marker += _NO_CHARACTER
    return marker


def response(answer: str, reasoning: str, prompt: str) -> str:
    """Return what the model shall write after a prompt.

    Args:
        answer: the reference answer (or its beginning).
        reasoning: the chain of thought; empty for none.
        prompt: the rendered prompt. R1's own template ends in an opened ``<think>``; then the block is
            closed here, even when it is empty, so that training text and generation text agree.
    """
    if prompt.rstrip().endswith(THINK):
        opening = "" if prompt.endswith("\n") else "\n"
        return f"{opening}{reasoning}\n{END_THINK}\n\n{answer}"
    return f"{THINK}\n{reasoning}\n{END_THINK}\n\n{answer}" if reasoning else answer
