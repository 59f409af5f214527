"""A chain of steps gives the same documents and the same report wherever its batches are treated."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from r1tailor.corpus import chain, engine
from r1tailor.corpus.base import Note, Step
from r1tailor.corpus.clean import clean
from r1tailor.corpus.engine import Outcome, Report, treated
from r1tailor.corpus.progress import shown
from r1tailor.errors import ConfigError, DataError, TailorError
from r1tailor.records import Document, read_documents, write_documents
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT
from tests.support.commands import Done

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
SECRET = "Jane Doe"
Compose = Callable[..., Settings]

# Both engines over the real terms in one process, for Ray takes seconds to start; then a chain that breaks down.
BOTH = f"""
import sys
from functools import partial
from pathlib import Path
import ray
from r1tailor import config, store
from r1tailor.corpus import chain, engine
from r1tailor.errors import TailorError
from r1tailor.records import write_documents

ray.init(include_dashboard=False, log_to_driver=False, num_cpus=2)
folder = Path(sys.argv[1])
for name in ("local", "ray"):
    settings = config.load([f"corpus.engine={{name}}", "corpus.batch_size=64"])
    report = engine.Report(settings.domain.cleaning.rules)
    steps = partial(chain, settings.domain.cleaning, config.ROOT)
    done = engine.run(folder / "raw.parquet", steps, settings.corpus, report)
    write_documents(folder / f"{{name}}.parquet", done)
    store.write_json(folder / f"{{name}}.json", report.as_dict())

    def breaks(document):
        if document.id == "d700":
            raise KeyError("{SECRET}")
        return document, []

    try:
        list(engine.run(folder / "raw.parquet", lambda: [breaks], settings.corpus, report))
    except TailorError as refusal:
        print(type(refusal).__name__, refusal)
"""


def _documents(texts: Iterable[str]) -> list[Document]:
    return [Document(f"d{i}", text, **FACTS, fields={"n": [i, None], "é": "“x”"}) for i, text in enumerate(texts)]


def _step(document: Document) -> tuple[Document, list[Note]]:
    """Halve a text; of every third document nothing may be shown."""
    shown = {"length": len(document.text)} if int(document.id[1:]) % 3 else None
    return replace(document, text=document.text[: len(document.text) // 2]), [Note("halve", shown)]


@pytest.mark.slow
def test_ray_gives_the_bytes_of_this_process(tmp_path: Path, run_command: Callable[..., Done]) -> None:
    lines = (ROOT / "tests" / "data" / "passages.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    odd = ["", " \t", "  “HbA1c<7.0%”  ", "10⁹\u200b m²", "血压：１２０／８０，无发热。\u2028"]
    write_documents(tmp_path / "raw.parquet", _documents([*odd, *texts] * 8))
    done = run_command("-c", BOTH, str(tmp_path))
    assert done.code == 0, done.err
    for suffix in ("parquet", "json"):
        assert (tmp_path / f"ray.{suffix}").read_bytes() == (tmp_path / f"local.{suffix}").read_bytes()
    report = json.loads((tmp_path / "ray.json").read_text("utf-8"))
    assert (report["documents"], len(report["emptied"])) == (1640, 8)
    assert report["changed"]["straighten_quotes"] == 1640
    assert len(list(read_documents(tmp_path / "ray.parquet"))) == 1632
    assert done.out.splitlines() == ["TailorError document d700: a step broke down with KeyError"] * 2


def test_ray_that_is_not_installed_is_asked_for(
    tmp_path: Path, settings: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_documents(tmp_path / "raw.parquet", _documents(["a"]))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError) as refusal:
        list(engine.run(tmp_path / "raw.parquet", list, settings("corpus.engine=ray").corpus, Report()))
    assert refusal.value.faults == ['corpus.engine = ray: Ray is not installed; pip install "r1-tailor[ray]"']


@pytest.mark.parametrize("name", ["local", "ray"])
def test_a_missing_or_foreign_file_is_named_by_either_engine(name: str, tmp_path: Path, settings: Compose) -> None:
    corpus = settings(f"corpus.engine={name}").corpus
    with pytest.raises(DataError, match=r"no\.parquet does not exist\. Run the stage before: "):
        list(engine.run(tmp_path / "no.parquet", list, corpus, Report()))
    (tmp_path / "odd.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match=r"odd\.parquet: not a document file"):
        list(engine.run(tmp_path / "odd.parquet", list, corpus, Report()))


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("corpus.engine=spark", "corpus.engine = 'spark': must be one of local, ray."),
        ("corpus.batch_size=0", "corpus.batch_size = 0: must be greater than 0 (the composition (conf/config.yaml))"),
        (
            "corpus.batch_size=100000",
            "corpus.batch_size = 100000: must be less than or equal to 65536 (the composition (conf/config.yaml))",
        ),
    ],
)
def test_a_faulty_engine_is_refused(override: str, fault: str, settings: Compose) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings(override)
    assert refusal.value.faults == [fault]


def test_a_report_counts_in_the_order_of_the_documents_and_keeps_the_first_samples(
    tmp_path: Path, settings: Compose
) -> None:
    write_documents(tmp_path / "raw.parquet", _documents("x" * (i % 4) for i in range(40)))
    report = Report(("never", "halve"))
    found = list(engine.run(tmp_path / "raw.parquet", lambda: [_step], settings().corpus, report))
    told = report.as_dict()
    assert told["documents"] == 40
    assert told["changed"] == {"never": 0, "halve": 40}
    assert [sample["id"] for sample in told["samples"]["halve"]] == ["d1", "d2", "d4", "d5", "d7"]
    assert told["samples"]["halve"][0] == {"id": "d1", "length": 1}
    assert told["emptied"] == [f"d{i}" for i in range(40) if i % 4 == 1]
    assert [document.id for document in found] == [f"d{i}" for i in range(40) if i % 4 != 1]


def test_a_rule_that_was_not_announced_is_counted_where_it_first_occurs() -> None:
    report = Report()
    for name in ("b", "a", "b"):
        report.add(Outcome(_documents([name])[0], [Note(name, {"what": 1}), Note("c")], emptied=False))
    assert list(report.changed.items()) == [("b", 2), ("c", 3), ("a", 1)]
    assert report.samples == {"b": [{"id": "d0", "what": 1}] * 2, "c": [], "a": [{"id": "d0", "what": 1}]}


def test_steps_follow_one_another_and_their_notes_too() -> None:
    def mark(sign: str) -> Step:
        return lambda document: (replace(document, text=document.text + sign), [Note(sign)])

    outcome = treated(_documents(["x"])[0], [mark("1"), mark("2"), mark("3")])
    assert (outcome.document.text, [note.rule for note in outcome.notes]) == ("x123", ["1", "2", "3"])


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (KeyError(SECRET), TailorError, "document d0: a step broke down with KeyError"),
        (DataError("no licence"), DataError, "document d0: no licence"),
        (TailorError("odd"), TailorError, "document d0: a step broke down with TailorError"),
    ],
)
def test_a_step_that_raises_names_the_document_and_does_not_quote_it(
    error: Exception, kind: type[Exception], message: str
) -> None:
    def step(document: Document) -> tuple[Document, list[Note]]:
        raise error

    with pytest.raises(TailorError) as refusal:
        treated(_documents([SECRET])[0], [step])
    assert (type(refusal.value), str(refusal.value)) == (kind, message)
    assert refusal.value.__cause__ is error


def test_cleaning_in_memory_is_what_the_chain_does(tmp_path: Path, settings: Compose) -> None:
    documents, cleaning = _documents([" a ", "“b”", "\u200b", ""]), settings().domain.cleaning
    write_documents(tmp_path / "raw.parquet", documents)
    report = Report(cleaning.rules)
    found = list(engine.run(tmp_path / "raw.parquet", lambda: chain(cleaning, ROOT), settings().corpus, report))
    in_memory, told = clean(documents, cleaning.rules)
    assert (in_memory, told.as_dict()) == (found, report.as_dict())
    assert [document.text for document in found] == ["a", '"b"', ""]


def test_progress_is_shown_at_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = _documents(["x"] * 200)
    assert list(shown(documents, "cleaning")) == documents
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert list(shown(documents, "cleaning", 200)) == documents
    out, err = capsys.readouterr()
    assert out == ""
    assert "cleaning" in err
    assert "documents/s" in err
