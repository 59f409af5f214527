"""Hostile inputs for every reader of files and every rule over text, each under the limits of a worker process.

    python -m tests.benchmarks.hostile --inputs 20000 --seed 1 --done hostile.json
    python -m tests.benchmarks.hostile --growth

An input is a function of the seed and its number: ``--first N --inputs 1`` makes one again. The file ``--done`` keeps
how far a run came and which inputs failed; a second start continues there. ``--growth`` doubles repeated units twice
and lists each rule whose time grows by more than 2.6 each time.
"""

import argparse
import gzip
import importlib
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from r1tailor import bounded, sources
from r1tailor.corpus import negation, shingles
from r1tailor.corpus.clean import CHAIN
from r1tailor.corpus.folding import fold
from r1tailor.domain import chinese_numerals
from r1tailor.domain.passages import passages
from r1tailor.errors import DataError, TailorError
from r1tailor.records import Rejection
from r1tailor.schema.corpus import Limits
from r1tailor.schema.sources import Source
from r1tailor.sources import blocks, citations
from tests.benchmarks import hostile_stages

LIMITS = Limits()  # those of every run: 1 MB is done or refused within 18 s and 700 MB
_BATCH = 200  # inputs of one worker process
_PRIVACY = ("dates", "network", "numbers", "people_en", "people_zh", "places")
UNITS = (
    *(
        " ",
        "\n",
        "\t",
        "\f",
        "a",
        "A",
        "a ",
        "A ",
        "1",
        "１",
        "1 ",
        "1.",
        "1,",
        "-",
        "- ",
        ".",
        "(",
        ")",
        "()",
        "（",
        "）",
        "[",
    ),
    *(
        "&",
        "&amp;",
        "amp;",
        "<",
        "<b>",
        "</b>",
        "#",
        "# ",
        " #",
        "中",
        "中 ",
        "中\n",
        "王",
        "张伟",
        "李明，",
        "第",
        "第一条",
        "一",
        "《",
        "《法》",
    ),
    *(
        "Section 1 ",
        "Art. 1 ",
        "Act ",
        "1 U.S.C. ",
        "no ",
        "无",
        "a@",
        "a@b.",
        "http://",
        "1-",
        "1/",
        "1:",
        "\u0301",
        "\u200d",
    ),
    *(
        "\ud7a3",
        "ß",
        "ŉ",
        "Ã",
        "Ã©",
        "â€",
        "\u00ad",
        "\u00ad\n",
        "a-\n",
        "Dr. ",
        "Mr A ",
        "MRN ",
        "年1月",
        "2020-01-01 ",
        "℃",
        "!",
        "！",
        '"',
        "\\",
    ),
)


def rules() -> dict[str, Callable[[str], object]]:
    """Return every rule over text by name."""
    found: dict[str, Callable[[str], object]] = {f"cleaning.{name}": rule for name, rule in CHAIN.items()}
    for name in _PRIVACY:
        module = importlib.import_module(f"r1tailor.corpus.privacy.{name}")
        found[f"privacy.{name}"] = lambda text, find=module.find: list(find(text))  # type: ignore[misc]
    return found | {
        "citations.statutes": citations.statutes,
        "citations.case_number": lambda text: citations.case_number(text.split("\n")),
        "citations.date_of": lambda text: citations.date_of(text.split("\n")),
        "blocks": lambda text: list(blocks.plain_blocks(text)),
        "passages": lambda text: list(passages(text, 400)),
        "chinese_numerals": chinese_numerals.article_numbers,
        "negation": lambda text: negation.scopes(text, fold(text)),
        "words": shingles.words,
    }


_JATS = (
    b"<article><front><article-meta><title-group><article-title>T</article-title></title-group><abstr"
    b"act><p>a 10<sup>9</sup></p></abstract></article-meta></front><body><sec><title>S</title><p>b</p"
    b"></sec></body></article>"
)
_PUBMED = (
    b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>T</Artic"
    b"leTitle><Abstract><AbstractText>a</AbstractText></Abstract></Article></MedlineCitation></Pubmed"
    b"Article></PubmedArticleSet>"
)
_HTML = b"<html><head><title>T</title></head><body><h1>H</h1><p>a<table><tr><td>1<td>2</table></body></html>"
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>"
    b"endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<<"
    b"/F 5 0 R>>>>>>endobj 4 0 obj<</Length 30>>stream\nBT /F 9 Tf 9 9 Td (a b) Tj ET 1 1 5 5 re f\ne"
    b"ndstream endobj 5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj trailer<</Root 1 0"
    b" R>>\n%%EOF"
)


def _parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": ["a", "b"], "n": [1, 2]}), sink)
    return bytes(sink.getvalue())


def samples() -> list[tuple[str, bytes, dict[str, Any]]]:
    """Return a small file for each reader: its name, its bytes, the source's own settings."""
    table = {"kind": "table", "columns": {"text": "text"}}
    return [
        ("a.csv", b'text,n\n"a, b",1\nc,2\n', table),
        ("a.tsv", b"text\tn\na\t1\n", table),
        ("a.jsonl", b'{"text": "a", "n": [1, {"x": null}]}\n', table),
        ("a.parquet", _parquet(), table),
        ("b.jsonl", b'{"input": "a", "output": "b"}\n', {"kind": "jsonl"}),
        ("a.txt", "# H\n\na b\n第一章 总则\n中文。\n".encode(), {"kind": "text", "unit": "section"}),
        ("a.html", _HTML, {"kind": "text", "unit": "section"}),
        ("a.xml", _PUBMED, {"kind": "pubmed"}),
        ("a.xml.gz", gzip.compress(_PUBMED, mtime=0), {"kind": "pubmed"}),
        ("b.xml", _JATS, {"kind": "jats", "unit": "section"}),
        ("b.xml.gz", gzip.compress(_JATS, mtime=0), {"kind": "jats", "unit": "article"}),
        ("a.pdf", _PDF, {"kind": "pdf", "unit": "page"}),
        (
            "b.txt",
            "（2020）京01民终1号\n原告：张三\n本院认为，依《民法典》第五百七十七条第一款\n判决如下：\n".encode(),
            {"kind": "judgments", "encoding": "utf-8"},
        ),
        (
            "b.html",
            b"<h1>IN THE COURT</h1><p>FACTS</p><p>Section 1 of the A Act 1999</p><p>ORDER</p>",
            {"kind": "judgments", "encoding": "utf-8"},
        ),
    ]


def _text(rng: random.Random, size: int) -> str:
    """Return units in one of four shapes: repeated, nested, alternating, at random."""
    units = [rng.choice(UNITS) for _ in range(rng.randint(1, 4))]
    many = max(1, size // sum(map(len, units)))
    match rng.randrange(4):
        case 0:
            return units[0] * (size // len(units[0])) + units[-1]
        case 1:
            return units[0] * (many // 2) + units[-1] * (many // 2)
        case 2:
            return "".join(units) * many
        case _:
            return "".join(rng.choices(UNITS, k=many))


def _mutated(rng: random.Random, raw: bytes, size: int) -> bytes:
    """Return a file with a piece repeated, cut, exchanged or put in."""
    packed = raw.startswith(b"\x1f\x8b") and rng.random() < 0.7
    content = bytearray(gzip.decompress(raw) if packed else raw)
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.randint(1, 40))
        match rng.randrange(5):
            case 0:
                content[start:end] = content[start:end] * (size // max(1, end - start))
            case 1:
                del content[start:end]
            case 2:
                content[start:start] = _text(rng, size).encode(errors="surrogatepass")
            case 3:
                content[start:end] = rng.randbytes(end - start)
            case _:
                del content[start + rng.randrange(200) :]
        del content[2 * size :]
    return gzip.compress(content, mtime=0) if packed else bytes(content)


def made(seed: int, number: int, folder: Path, stages: float = 1 / 3) -> tuple[str, int, Callable[[], object]]:
    """Return the reader, rule or stage of an input, the input's size in bytes, and what to call.

    Args:
        seed: of all inputs.
        number: of this one.
        folder: for its files.
        stages: share of the inputs that are for stages, exports, templates and YAML.
    """
    rng = random.Random(f"{seed}:{number}")
    size = rng.choice((200, 2_000, 2_000, 8_000, 8_000, 30_000, 100_000))
    if rng.random() < stages:
        name, work = rng.choice(list(hostile_stages.KINDS.items()))
        call = work(rng, size, folder, hostile_stages.Made(_text, _mutated))
        return name, size, lambda: _told(call)
    if rng.random() < 0.5:
        name, rule = rng.choice(list(rules().items()))
        text = _text(rng, size)
        return name, len(text.encode(errors="surrogatepass")), lambda: rule(text)
    name, raw, settings = rng.choice(samples())
    raw = _mutated(rng, raw, size)
    (folder / name).write_bytes(raw)
    about = {"name": "h", "licence": "l", "available_at": "2020-01-01", "on_damage": "list", "path": name}
    source: Source = TypeAdapter(Source).validate_python({**about, **settings})
    return f"reader.{settings['kind']} {name}", len(raw), lambda: _read(source, folder)


def _told(call: Callable[[], object]) -> None:
    with suppress(TailorError):  # a message
        call()


REFUSED = "refused at its limits"


def _read(source: Source, folder: Path) -> None:
    rejected: list[Rejection] = []
    try:
        for _ in sources.read(source, folder, rejected):
            pass
    except TailorError:  # a message, which is what a damaged file should come to
        return
    over = [each for each in rejected if "(corpus.limits)" in each.reason or "crashes its parser" in each.reason]
    if over:
        raise RuntimeError(over[0].reason)


def run(seed: int, numbers: range, stages: float = 1 / 3) -> Iterator[tuple[int, str, float, str]]:
    """Yield (number, reader or rule, seconds of processor time, fault) for each input."""
    first = numbers.start
    while first < numbers.stop:
        batch = range(first, min(first + _BATCH, numbers.stop))
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            fault, refused = "", False
            try:
                bounded.run(lambda batch=batch, log=log: _batch(seed, batch, log, stages), LIMITS)  # type: ignore[misc]
            except Exception as error:
                fault = f"{type(error).__name__}: {error}"[:300]
                # A stage sets limits of its own, which are no wider than those of the run.
                refused = isinstance(error, DataError) and bounded.OF_CORPUS in fault and "input " not in fault
            lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        yield from ((number, name, seconds, "") for number, name, seconds in lines)
        first += len(lines)
        if fault:
            yield first, REFUSED if refused else "", 0.0, "" if refused else fault
            first += 1


def _batch(seed: int, numbers: range, log: Path, stages: float) -> None:
    """Work on inputs and log each that is done; the tables of the rules' modules are loaded before the first."""
    for rule in rules().values():
        rule("原告：张伟民，Mr. John Smith")
    with log.open("w") as lines, tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            bounded.left()
            name, size, call = made(seed, number, Path(folder), stages)
            bounded.left()  # what was held to make it
            bounded.entered(f"input {number} ({name})", size)
            began = time.process_time()
            call()
            print(json.dumps([number, name, time.process_time() - began]), file=lines, flush=True)


def growth() -> None:
    """Print each rule and unit whose time grows by more than 2.6 with each doubling."""
    for name, rule in rules().items():
        for unit in UNITS:
            times = []
            for many in (4_000, 8_000, 16_000):
                began = time.process_time()
                rule(unit * many)
                times.append(time.process_time() - began)
            if times[2] > 0.2 and times[2] > 2.6 * times[1] > 2.6 * 2.6 * times[0]:
                print(f"{name} over {unit!r}: {', '.join(f'{each:.3f} s' for each in times)}", flush=True)


def main() -> None:
    """Run inputs and print the faults and the slowest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--done", type=Path)
    parser.add_argument("--stages", type=float, default=1 / 3, help="share of inputs for stages, templates and YAML")
    parser.add_argument("--growth", action="store_true")
    asked = parser.parse_args()
    if asked.growth:
        growth()
        return
    kept = json.loads(asked.done.read_text()) if asked.done and asked.done.exists() else {"next": asked.first}
    state: dict[str, Any] = {"faults": [], "slowest": {}, **kept}
    state.setdefault("refused", 0)
    for number, name, seconds, fault in run(asked.seed, range(state["next"], asked.first + asked.inputs), asked.stages):
        if fault:
            state["faults"].append([asked.seed, number, fault])
            print(f"seed {asked.seed}, input {number}: {fault}", flush=True)
        state["refused"] += name == REFUSED
        if seconds > state["slowest"].get(name, [0.0, 0])[0]:
            state["slowest"][name] = [round(seconds, 3), number]
        state["next"] = number + 1
        if asked.done and number % _BATCH == 0:
            asked.done.write_text(json.dumps(state))
    for name, (seconds, number) in sorted(state["slowest"].items(), key=lambda each: -each[1][0])[:25]:
        print(f"{seconds:8.3f} s  {name}, input {number}")
    counts = f"{state['refused']} refused at the limits of a stage, {len(state['faults'])} faults"
    print(f"{state['next'] - asked.first:,} inputs, {counts}")


if __name__ == "__main__":
    main()
