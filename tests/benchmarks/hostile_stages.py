"""Hostile inputs for what comes after the readers: exports, gate, duplicates, examples, chat templates, YAML."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from r1tailor import config
from r1tailor.annotation import annotate
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.corpus.deduplicate import deduplicate
from r1tailor.corpus.privacy.gate import gate
from r1tailor.document_files import write_documents
from r1tailor.domain.generic import Generic
from r1tailor.instruction import build
from r1tailor.model import families
from r1tailor.records import Document, Example
from r1tailor.schema.annotation import (
    AgreementGate,
    Annotation,
    LabelStudioExport,
    OwnScheme,
    ProdigyExport,
    Question,
    RecordsExport,
    RelationLabel,
    SpanLabel,
)
from r1tailor.schema.corpus import Duplicates, Privacy

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
SCHEME = OwnScheme(
    kind="own",
    spans=(SpanLabel(name="a", definition="a"), SpanLabel(name="b", definition="b")),
    relations=(RelationLabel(name="to", head="a", tail="b", definition="to"),),
    questions=(Question(name="q", values=("x", "y"), multiple=True, definition="?"),),
)
PIECES = (
    *("{% for i in range(9999) %}", "{% for m in messages %}", "{% endfor %}", "{{ messages }}", "{{ 'x' * 99999 }}"),
    *("{% set n = namespace(y='yy') %}", "{% set n.y = n.y ~ n.y %}", "{{ n.y }}", "{{ 9 ** (9 ** 9) }}"),
    *("{% macro f(k) %}", "{{ f(k) }}{{ f(k) }}", "{% endmacro %}", "{{ f(3) }}", "{{ 'x' | center(10 ** 9) }}"),
    *("{{ messages | tojson }}", "{{ messages[0]['content'].split('') }}", "{% if 9 in range(99999) %}", "{% endif %}"),
    *("{{ ('%9999999d' % 1) * 99 }}", "{{ range(99999) | list | sort }}", "{{ 'ab' | replace('', 'x' * 9999) }}"),
)
_LINES = (
    "a: &a [1, 2]\n",
    "b: [*a, *a]\n",
    "c: &c {x: *c}\n",
    "? ",
    "- ",
    "[",
    "{",
    "a: ",
    "'",
    "${seed}",
    "<<: *a\n",
    "!!int ",
)


class Made(NamedTuple):
    """How texts and mutations of files are made."""

    text: Callable[[random.Random, int], str]
    mutated: Callable[[random.Random, bytes, int], bytes]


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _several(rng: random.Random, size: int, made: Made) -> list[str]:
    """Return the texts of a corpus: different, alike, or in steps from one to the next."""
    text = _clean(made.text(rng, size))
    many = rng.choice((1, 3, 30, max(1, size // 20)))
    long = max(1, len(text) // many)
    match rng.randrange(3):
        case 0:
            return [text[start : start + long] for start in range(0, long * many, long)]
        case 1:
            return [f"{text[:long]} {number}" for number in range(many)]
        case _:
            return [f"{number} " + text[number % 7 : long] for number in range(many)]


def _spans(rng: random.Random, length: int, many: int) -> list[dict[str, Any]]:
    starts = sorted(rng.choices(range(length), k=many))
    return [{"start": at, "end": min(length, at + rng.randint(1, 30)), "label": rng.choice("ab")} for at in starts]


def _exports(text: str, rng: random.Random, size: int) -> dict[str, tuple[Any, bytes]]:
    many = size // 200
    spans, when = _spans(rng, len(text), many), "2026-01-01T00:00:00+00:00"
    pairs = [rng.choices(spans, k=2) for _ in range(many // 4)] if spans else []
    rows: dict[str, list[str]] = {"prodigy": [], "records": []}
    tasks = []
    for who in "mn":
        meta = {"text": text, "meta": {"document": "d"}, "answer": "accept", "_annotator_id": who}
        tokens = [{"start": s["start"], "end": s["end"], "id": number} for number, s in enumerate(spans)]
        relations = [{"head": rng.randrange(many), "child": 0, "label": "to"} for _ in pairs]
        rows["prodigy"].append(json.dumps({**meta, "spans": spans, "tokens": tokens, "relations": relations}))
        labels = {
            "spans": spans,
            "relations": [{"head": one, "tail": other, "label": "to"} for one, other in pairs],
            "answers": {"q": ["x"]},
            "comments": {},
        }
        record = {"document": "d", "annotator": who, "answer": "accept", "labels": labels, "created_at": when}
        rows["records"].append(json.dumps({**record, "seconds": 1.0, "position": ""}))
        result = [
            {
                "type": "labels",
                "id": str(n),
                "value": {**s, "text": text[s["start"] : s["end"]], "labels": [s["label"]]},
            }
            for n, s in enumerate(spans)
        ]
        tasks.append({"id": len(tasks), "completed_by": 1 + len(tasks), "was_cancelled": False, "created_at": when})
        tasks[-1]["result"] = result
    studio = [{"id": 1, "data": {"document": "d", "text": text}, "annotations": tasks}]
    return {
        "a.jsonl": (ProdigyExport(kind="prodigy", path="a.jsonl"), "\n".join(rows["prodigy"]).encode()),
        "b.jsonl": (RecordsExport(kind="records", path="b.jsonl"), "\n".join(rows["records"]).encode()),
        "c.json": (LabelStudioExport(kind="label_studio", path="c.json"), json.dumps(studio).encode()),
    }


def _annotations(rng: random.Random, size: int, folder: Path, made: Made) -> Callable[[], object]:
    text = _clean(made.text(rng, size // 4)) or "x"
    name, (export, raw) = rng.choice(list(_exports(text, rng, size).items()))
    (folder / name).write_bytes(made.mutated(rng, raw, size) if rng.random() < 0.5 else raw)
    own = Annotation(
        scheme=SCHEME,
        exports=(export,),
        gate=AgreementGate(kappa=0.1, lower_bound=0.0, items=2, resamples=100, confidence=0.9),
        merge=rng.choice(("exact", "overlap")),
        adjudication=None,
    )
    return lambda: annotate([Document("d", text, **FACTS)], own, folder, seed=1)


def _gate(rng: random.Random, size: int, folder: Path, made: Made) -> Callable[[], object]:
    domain = config.load(["domain=medical", "model=tiny_llama"]).domain
    privacy = Privacy(kinds={}, key_variable="K", share_of_documents_with_findings=0.99)
    cleaning = domain.cleaning.model_copy(update={"privacy": privacy})
    domain = domain.model_copy(update={"cleaning": cleaning, "compliance": rng.choice(("hipaa", "securities"))})
    texts = _several(rng, size, made)
    fields = {"a": texts[-1], "b": [{"c": texts[0]}]}
    documents = [
        Document(f"d{number}", text, **FACTS, fields=fields if not number else {}) for number, text in enumerate(texts)
    ]
    return lambda: gate(documents, domain)


def _duplicates(rng: random.Random, size: int, folder: Path, made: Made) -> Callable[[], object]:
    path = folder / "documents.parquet"
    write_documents(path, (Document(f"d{n}", text, **FACTS) for n, text in enumerate(_several(rng, size, made))))
    return lambda: deduplicate(path, path, Duplicates(similarity=rng.choice((0.5, 0.8, 0.95))))


def _instruct(rng: random.Random, size: int, folder: Path, made: Made) -> Callable[[], object]:
    options = ["domain=generic", "domain.sources.0.path=a.jsonl", "model=tiny_llama", "domain.name=h"]
    by = rng.choice(("similarity", "group", "time"))
    section = config.load([*options, f"domain.split.by={by}"]).domain
    texts = _several(rng, size, made)
    examples = [Example(f"e{n}", "Say.", text, texts[-n], group=str(n % 9)) for n, text in enumerate(texts)]
    domain = Generic(section, [Document(e.id, e.input, **FACTS) for e in examples])
    domain.examples = lambda: iter(examples)  # type: ignore[method-assign]
    return lambda: build.build(domain, 1)


def _template(rng: random.Random, size: int, folder: Path, made: Made) -> Callable[[], object]:
    pieces = "".join(rng.choices(PIECES, k=rng.randint(1, 12)))
    known = families.DEEPSEEK_CHAT_TEMPLATE
    template = rng.choice(
        (pieces, known + pieces, made.mutated(rng, (known + pieces).encode(), size).decode("utf-8", "replace"))
    )
    example = Example("e", "Say.", _clean(made.text(rng, size)), "so")

    def render() -> None:
        tokenizer = families.byte_tokenizer()
        tokenizer.chat_template = template
        ChatTokenizer(tokenizer).render_all([example])

    return render


def _yaml(rng: random.Random, size: int, folder: Path, made: Made) -> Callable[[], object]:
    raw = config.PARAMS.read_bytes()
    lines = "".join(rng.choices(_LINES, k=rng.randint(1, max(2, size // 8)))).encode()
    place = rng.randrange(len(raw))
    content = rng.choice((lines, raw + lines, raw[:place] + lines + raw[place:], made.mutated(rng, raw, size)))
    path = folder / "params.yaml"
    path.write_bytes(content)
    return lambda: config.load_params(path)


KINDS: dict[str, Callable[[random.Random, int, Path, Made], Callable[[], object]]] = {
    "annotate": _annotations,
    "gate": _gate,
    "deduplicate": _duplicates,
    "instruct": _instruct,
    "chat template": _template,
    "yaml": _yaml,
}
