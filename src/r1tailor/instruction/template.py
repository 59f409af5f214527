"""The text of an example as the model reads it, in R1's style.

The prompt is rendered by the tokenizer's own chat template, with the generation prompt: it is the text that inference
uses. The response follows: optional reasoning between ``<think>`` and ``</think>``, then the answer. DeepSeek advises
against a system prompt for R1, so the instruction opens the user's turn, where examples of one task share it as a
prefix.
"""

from r1tailor.records import Example

THINK = "<think>"
END_THINK = "</think>"
_NO_CHARACTER = "\ufdd0"


def messages(example: Example, marker: str = "") -> list[dict[str, str]]:
    """Return the chat turns before the answer.

    Args:
        example: the question.
        marker: placed between instruction and input, for the example's window; empty without one.
    """
    content = "\n\n".join(part for part in (example.instruction, marker, example.input) if part)
    return [{"role": "user", "content": content}]


def marker_for(example: Example) -> str:
    """Return a text that does not occur in the example, to mark a place in its prompt.

    It is a run of U+FDD0, which is permanently no character (Unicode standard, 23.7), longer than any run of it in the
    example.
    """
    marker = _NO_CHARACTER
    while marker in example.instruction or marker in example.input:
        marker += _NO_CHARACTER
    return marker


def response(answer: str, reasoning: str, prompt: str) -> str:
    """Return the text that the model should write after a prompt.

    Args:
        answer: the reference answer (or its beginning).
        reasoning: the chain of thought; empty without one.
        prompt: the rendered prompt. R1's own template ends in an open ``<think>``; the block is then closed
            here, even if it is empty, so that training and generation use the same text.
    """
    if prompt.rstrip().endswith(THINK):
        opening = "" if prompt.endswith("\n") else "\n"
        return f"{opening}{reasoning}\n{END_THINK}\n\n{answer}"
    return f"{THINK}\n{reasoning}\n{END_THINK}\n\n{answer}" if reasoning else answer
