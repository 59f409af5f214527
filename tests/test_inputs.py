"""Which files and which code each stage depends on."""

import inspect
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from r1tailor import inputs, stages
from r1tailor.domain import declaration
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.schema.settings import Settings
from tests.conftest import FAST, ROOT

Compose = Callable[..., Settings]
SOURCE = {"name": "own", "licence": "own", "available_at": "2020-01-01", "on_damage": "stop"}
COLUMNS = {"text": "note"}
VOCABULARY = {**SOURCE, "kind": "synonyms", "path": "words.csv"}
GATE = {"kappa": 0.8, "lower_bound": 0.67, "items": 50, "resamples": 1000, "confidence": 0.95}
ANNOTATION = {
    "scheme": {"kind": "shipped", "name": "medical"},
    "exports": [{"kind": "records", "path": "export.jsonl"}],
    "gate": GATE,
    "merge": "exact",
    "adjudication": {"kind": "records", "path": "adjudicated.jsonl"},
}
FEED = {
    **SOURCE,
    "kind": "bars",
    "path": "feed.csv",
    "store": "bars",
    "columns": {"date": "day"},
    "symbols": {"A": "A"},
    "since": "2020-01-01",
    "revisit_days": 5,
    "bars": {"values": "price", "period": "day", "lag_days": 0},
}
SQL = {**SOURCE, "kind": "sql", "query": "SELECT note FROM notes", "columns": COLUMNS}


def own(settings: Compose, **changes: object) -> Settings:
    """A domain of the user's own, with parts of it replaced."""
    composed = settings("domain=generic", "domain.sources.0.path=own.jsonl", "model=tiny_llama")
    return Settings.model_validate(_merged(composed.model_dump(mode="json", by_alias=True), changes))


def _merged(before: Any, change: Any) -> Any:  # noqa: ANN401
    """Merge mappings of one kind; anything else takes the place of what was there."""
    if not isinstance(before, dict) or not isinstance(change, dict) or "kind" in change:
        return change
    return before | {key: _merged(before[key], value) for key, value in change.items()}


def local_model(path: str) -> dict[str, Any]:
    model = {
        "kind": "local",
        "name": "local",
        "path": path,
        "context_length": 64,
        "licence": "own",
        "chat": "tokenizer",
    }
    return {**model, "lora": {"lr": 1e-3, "target_modules": "mlp"}}


@pytest.mark.parametrize(
    ("changes", "file", "stage_names"),
    [
        ({}, "own.jsonl", ["collect"]),
        (
            {"domain": {"sources": [{**SOURCE, "kind": "table", "path": "notes", "columns": COLUMNS}]}},
            "notes/a/b.csv",
            ["collect"],
        ),
        (
            {"domain": {"sources": [{**SOURCE, "kind": "pdf", "path": "notes", "unit": "page"}]}},
            "notes/a.pdf",
            ["collect"],
        ),
        ({"domain": {"sources": [{**SQL, "url": "sqlite:///notes.db"}]}}, "notes.db", ["collect"]),
        (
            {"domain": {"sources": [{**SQL, "url": "sqlite+pysqlite:///notes.db?timeout=5"}]}},
            "notes.db-wal",
            ["collect"],
        ),
        ({"domain": {"sources": [FEED]}}, "bars/1.parquet", ["collect"]),
        (
            {"domain": {"cleaning": {"terms": {"mode": "annotate", "vocabularies": [VOCABULARY], "fuzzy": None}}}},
            "words.csv",
            ["clean"],
        ),
        ({"domain": {"split": {"test_from": "experts.jsonl"}}}, "experts.jsonl", ["collect", "instruct", "variant"]),
        ({"domain": {"annotation": ANNOTATION}}, "export.jsonl", ["annotate"]),
        ({"domain": {"annotation": ANNOTATION}}, "adjudicated.jsonl", ["annotate"]),
        (
            {"model": local_model("mine")},
            "mine/model.safetensors",
            ["teach", "train", "variant", "compress", "evaluate", "redteam"],
        ),
    ],
)
def test_a_file_that_a_setting_names_is_an_input_of_the_stages_that_open_it(
    changes: dict[str, Any], file: str, stage_names: list[str], settings: Compose, tmp_path: Path
) -> None:
    composed, path, folder = own(settings, **changes), tmp_path / file, tmp_path / "inputs"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"before")
    assert inputs.write_inputs(composed, tmp_path, folder) == []
    first = {stage: (folder / f"{stage}.json").read_bytes() for stage in inputs.ROOMS}
    assert inputs.write_inputs(composed, tmp_path, folder) == []
    assert {stage: (folder / f"{stage}.json").read_bytes() for stage in inputs.ROOMS} == first
    path.write_bytes(b"after!")
    said = inputs.write_inputs(composed, tmp_path, folder)
    changed = [stage for stage in inputs.ROOMS if (folder / f"{stage}.json").read_bytes() != first[stage]]
    assert changed == stage_names
    named = max((n for n in inputs.files_of(composed, stage_names[0], tmp_path) if file.startswith(n)), key=len)
    assert said == [f"{stage}: {named} changed" for stage in stage_names]


def test_a_fetched_member_is_an_input(settings: Compose) -> None:
    (name,) = inputs.files_of(settings(), "collect", ROOT)
    assert name == "data/packaged/icd10cm/icd10c-tabular-April-1-2026.xml"
    assert inputs.own_files(settings(), ROOT) == []


def test_every_file_of_a_list_of_files_is_an_input(settings: Compose, tmp_path: Path) -> None:
    composed = settings("domain=finance", "domain.task.crises.library=[conf/domain/crises.csv, mine.csv]")
    for stage in ("instruct", "variant", "evaluate"):
        assert {"conf/domain/crises.csv", "mine.csv"} <= inputs.files_of(composed, stage, tmp_path).keys()


def test_what_a_stage_does_not_open_is_no_input(settings: Compose, tmp_path: Path) -> None:
    composed = own(settings, domain={"sources": [FEED]})
    assert list(inputs.files_of(composed, "collect", tmp_path)) == ["bars"], "the feed's file is read by `market`"
    phased = settings("curriculum=by_difficulty")
    assert inputs.files_of(phased, "train", tmp_path) == {}, "what a phase starts from is an output"


def test_a_missing_file_is_recorded_and_one_that_cannot_be_read_is_named(settings: Compose, tmp_path: Path) -> None:
    composed = own(settings)
    assert inputs.files_of(composed, "collect", tmp_path) == {"own.jsonl": None}
    loop = tmp_path / "own.jsonl"
    loop.symlink_to(loop)
    assert inputs.files_of(composed, "collect", tmp_path) == {"own.jsonl": None}
    loop.unlink()
    loop.write_text("x", encoding="utf-8")
    monkey = pytest.MonkeyPatch()
    monkey.setattr(
        inputs.store, "content_sha256", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
    )
    with monkey.context(), pytest.raises(DataError, match=r"own\.jsonl cannot be read: Permission denied"):
        inputs.files_of(composed, "collect", tmp_path)
    monkey.undo()


def test_a_database_server_is_said_not_to_be_looked_at(settings: Compose, tmp_path: Path) -> None:
    composed = own(settings, domain={"sources": [{**SQL, "url": "postgresql://reader@host/notes"}]})
    (line,) = inputs.write_inputs(composed, tmp_path, tmp_path)
    assert line == (
        "postgresql://reader@host/notes: its rows are not looked at; after a change of them: "
        "dvc repro --single-item --force collect"
    )


def test_the_code_of_a_stage_is_what_it_imports() -> None:
    code = {stage: set(inputs.code_of(stage)) for stage in inputs.ROOMS}
    assert {"r1tailor/kernels/attention.py", "r1tailor/strategy/lora.py", "r1tailor/training/fit.py"} <= code["train"]
    assert {"r1tailor/corpus/privacy/names.txt", "r1tailor/corpus/clean.py"} <= code["clean"]
    assert "r1tailor/report/run.html.j2" in code["report"]
    words = {f"r1tailor/corpus/{name}.py" for name in ("__init__", "scripts", "shingles")}  # how words are told
    others = code["train"] - words
    assert not [name for name in others if name.startswith(("r1tailor/evaluation/", "r1tailor/corpus/"))]
    assert "r1tailor/sources/pdf.py" not in code["train"], "only a package on the way to sources.packaged"
    uncounted = tuple(f"r1tailor/{name}" for name in inputs.UNCOUNTED)
    assert not [name for names in code.values() for name in names if name.startswith(uncounted)]


@contextmanager
def _called(found: set[str]) -> Iterator[None]:
    """Note the files of ours in which a function is called; bodies of modules and classes run at import."""
    own_code = str(ROOT / "src" / "r1tailor")

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_flags & inspect.CO_OPTIMIZED and code.co_filename.startswith(own_code):
            found.add(Path(code.co_filename).relative_to(ROOT / "src").as_posix())

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_a_stage_calls_no_code_that_its_inputs_leave_out(settings: Compose, own_jsonl: Path, tmp_path: Path) -> None:
    short = ("evaluation.max_answer_tokens=2", "evaluation.max_reasoning_tokens=2")
    quick = ("trainer.max_steps=2", *short, "evaluation.resamples=100", *FAST)
    own = (f"domain.sources.0.path={own_jsonl}", "domain.task.reasoning=empty")
    composed = settings("domain=generic", *own, "model=tiny_llama", *quick)
    run = RunFolder(tmp_path / "run")
    started = (
        "stages",
        "stage_outputs",
        "layout",
        "composition",
        "inputs",
        *inputs.UNCOUNTED,
    )  # whoever starts a stage
    refusing = {f"r1tailor/planning/{name}.py" for name in ("preflight", "plan", "memory_trace", "reasoning")}
    refusing |= {f"r1tailor/model/{name}.py" for name in ("gate", "architecture", "toy", "probe")}  # change no output
    refusing |= {"r1tailor/training/identity.py", "r1tailor/model/licence.py"}
    for stage in inputs.ROOMS:
        found: set[str] = set()
        with _called(found):
            if stage != "register":  # the registry of this checkout is not the test's
                stages.STAGES[stage](composed, run)
        own_code = {name for name in found if Path(name).parts[1].removesuffix(".py") not in started}
        own_code -= refusing
        if stage == "report":  # composes the defaults again: how settings are declared and checked changes no output
            own_code.discard("r1tailor/domain/generic.py")
        assert own_code <= set(inputs.code_of(stage)), stage


def test_variants_of_another_composition_are_removed(settings: Compose, tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    (run.variant("fold_2007").path / "train").mkdir(parents=True)
    (run.variant("text").path / "train").mkdir(parents=True)
    inputs.sweep(run.variants, settings("domain=finance").evaluation.variants, "variants.json")
    assert sorted(path.name for path in run.variants.iterdir()) == ["text", "variants.json"]
    assert json.loads((run.variants / "variants.json").read_text("utf-8")) == ["text"]


def test_a_package_that_brings_the_domain_is_an_input_of_the_stages_that_call_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "clinic_triage"
    (package / "words").mkdir(parents=True)
    for name in ("__init__.py", "reader.py", "words/colours.txt"):
        (package / name).write_text("", encoding="utf-8")
    (tmp_path / "lone_reader.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    readers = {"rows": "lone_reader:read"}
    declared = replace(declaration("generic"), implementation="clinic_triage.reader:Triage", readers=readers)
    monkeypatch.setattr(inputs, "declaration", lambda _: declared)
    brought = {f"clinic_triage/{name}" for name in ("__init__.py", "reader.py", "words/colours.txt")}
    for stage in inputs.ROOMS:
        found = set(inputs.code_of(stage, "triage")) - set(inputs.code_of(stage))
        calls = stage in ("collect", "instruct", "teach", "variant", "evaluate")
        assert found == (brought | {"lone_reader.py"} if calls else set()), stage
