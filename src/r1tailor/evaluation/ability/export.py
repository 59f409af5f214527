"""The general set as tasks of lm-evaluation-harness: for each set a YAML and a file of JSON lines, and a group.

The harness puts the prompts into the model's chat template itself (``--apply_chat_template``). For a model whose
template opens a block of reasoning it would score letters inside that block; prompts that are rendered for one model
here hold its template and an empty block, and are what r1tailor itself asks.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from r1tailor import store
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.evaluation.ability.questions import Drawn, Item
from r1tailor.inference.blocks import decoded
from r1tailor.instruction.template import messages

GROUP = "r1tailor_ability"
_VERSION = 1.0  # of the tasks: rises where a prompt changes
_ACCURACY = {"metric": "acc", "aggregation": "mean", "higher_is_better": True}


def export(drawn: Drawn, folder: Path, prompt: Callable[[Item], str]) -> list[Path]:
    """Write the tasks into a folder; return their files.

    Args:
        drawn: the questions.
        folder: where to write; its own files of an earlier export are replaced.
        prompt: what a model reads of a question.
    """
    names = {one["name"]: f"r1tailor_{one['name']}" for one in drawn.sets}
    written = []
    for facts in drawn.sets:
        items = [item for item in drawn.items if item.set == facts["name"]]
        written += _task(names[facts["name"]], facts, items, folder, prompt)
    group = folder / f"{GROUP}.yaml"
    total = {"metric": "acc", "aggregation": "mean", "weight_by_size": True}
    content = {"group": GROUP, "task": list(names.values()), "aggregate_metric_list": [total]}
    store.write_text(group, _yaml({**content, "metadata": {"version": _VERSION, "questions": drawn.sha256}}))
    return [*written, group]


def plain(item: Item) -> str:
    """Return the user's turn, for a harness that applies the chat template."""
    (turn,) = messages(item.example)
    return str(turn["content"])


def rendered(tokenizer: ChatTokenizer) -> Callable[[Item], str]:
    """Return what renders a question as one model is asked it, up to where the letter stands."""

    def render(item: Item) -> str:
        text, letter = tokenizer.prompt_text(item.example), item.letters[0]
        return text + decoded(tokenizer, tokenizer.continuation(text, letter)).removesuffix(letter)

    return render


def _task(
    name: str, facts: dict[str, Any], items: Iterable[Item], folder: Path, prompt: Callable[[Item], str]
) -> list[Path]:
    lines, task = folder / f"{name}.jsonl", folder / f"{name}.yaml"
    content = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": lines.name}},  # of the folder that lm_eval is started in
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "prompt",
        "doc_to_choice": "letters",
        "doc_to_target": "right",
        "target_delimiter": "",
        "metric_list": [_ACCURACY],
        "metadata": {"version": _VERSION, **{key: facts[key] for key in ("language", "licence")}},
    }
    rows = [
        {"id": item.id, "prompt": prompt(item), "letters": list(item.letters), "right": item.right} for item in items
    ]
    store.write_text(lines, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    store.write_text(task, _yaml(content))
    return [task, lines]


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
