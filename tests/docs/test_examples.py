"""Every example of ``docs/examples`` is a valid setting, and there is one for every kind there is."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from r1tailor import config, reference
from r1tailor.corpus.privacy.deidentify import Deidentifier
from r1tailor.domain.named_metrics import NAMED
from r1tailor.schema.annotation import Export
from r1tailor.schema.corpus import PrivacyKind, PrivacyMode, Vocabulary
from r1tailor.schema.domain import DomainSection
from r1tailor.schema.sources import Source
from r1tailor.sources import read
from tests.conftest import ROOT
from tests.docs.conftest import EXAMPLES
from tests.support.feed_cases import FEEDS, FIRST, real_bars
from tests.support.source_cases import CASES


def _read(file: Path) -> Any:  # noqa: ANN401
    return yaml.safe_load(file.read_text("utf-8"))


def _files(folder: str) -> list[Path]:
    return sorted((EXAMPLES / folder).glob("*.yaml"))


def _loaded(project: Path, changes: Mapping[str, Any]) -> DomainSection:
    """Return the generic domain with some of its settings replaced, as config validates it."""
    domain = _read(ROOT / "conf" / "domain" / "generic.yaml") | {"name": "example"}
    (project / "conf" / "domain" / "example.yaml").write_text(yaml.safe_dump(domain | changes), "utf-8")
    paths = [] if "sources" in changes else ["domain.sources.0.path=mine.jsonl"]
    return config.load(["domain=example", *paths]).domain


def test_there_is_an_example_of_every_kind() -> None:
    stems = {folder: {file.stem for file in _files(folder)} for folder in ("sources", "annotation", "vocabularies")}
    assert stems["sources"] == {reference.kind_of(kind) for kind in reference.sections_in(Source)}
    assert stems["annotation"] == {reference.kind_of(kind) for kind in reference.sections_in(Export)}
    assert stems["vocabularies"] == {reference.kind_of(kind) for kind in reference.sections_in(Vocabulary)}
    kinds = [_read(file)["kinds"] for file in _files("privacy")]
    assert {mode for chosen in kinds for mode in chosen.values()} == set(get_args(PrivacyMode))
    assert {kind for chosen in kinds for kind in chosen} == set(get_args(PrivacyKind))


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_an_example_explains_itself(file: Path) -> None:
    assert file.read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("file", _files("sources"), ids=lambda file: file.stem)
def test_an_example_of_a_source_is_valid(file: Path, project: Path) -> None:
    domain = _loaded(project, {"sources": [_read(file)]})
    assert domain.sources[0].kind == file.stem


@pytest.mark.parametrize("file", _files("scores"), ids=lambda file: file.stem)
def test_an_example_of_split_and_scores_is_valid(file: Path, project: Path) -> None:
    domain = _loaded(project, _read(file))
    assert domain.split.given == ({"test": "data/experts.jsonl"} if file.stem == "split" else {})
    named = {metric.name for metric in domain.task.metrics}
    assert named == ({metric.name for metric in NAMED} if file.stem == "task" else set())


@pytest.mark.parametrize(
    "file",
    [file for file in _files("sources") if file.stem not in ("packaged", "bars", "bars_sql", "wind")],
    ids=lambda file: file.stem,
)
def test_an_example_of_a_source_reads_files_of_its_format(file: Path, project: Path) -> None:
    source = _loaded(project, {"sources": [_read(file)]}).sources[0]
    if file.stem != "generated":
        case = next(case for case in CASES if case.settings["kind"] == file.stem)
        case.write(project, 3)
        there = {name: case.settings[name] for name in ("path", "url") if name in case.settings}
        source = source.model_copy(update=there)
    rejected: list[Any] = []
    assert len(list(read(source, project, rejected))) == (500 if file.stem == "generated" else 3)
    assert not rejected


@pytest.mark.parametrize("kind", ["bars", "bars_sql", "wind"])
def test_an_example_of_a_feed_fetches_figures(kind: str, project: Path) -> None:
    settings = _read(EXAMPLES / "sources" / f"{kind}.yaml")
    case = next(
        case
        for case in FEEDS
        if case.settings["kind"] == kind
        and case.settings.get("columns", {}).get("symbol") == settings.get("columns", {}).get("symbol")
    )
    there = {name: case.settings[name] for name in ("path", "url") if name in case.settings}
    feed = case.feed(project, real_bars(), **settings | there)
    (page, *_) = feed.pages(FIRST, FIRST + timedelta(days=20))
    assert {bar.series for bar in page.bars} == {"SP500", "APPLE"}


@pytest.mark.parametrize("file", _files("privacy"), ids=lambda file: file.stem)
def test_an_example_of_privacy_is_valid_and_removes_a_name(file: Path, project: Path) -> None:
    compliance = "hipaa" if file.stem == "hipaa" else "none"
    rules = _loaded(project, {"cleaning": {"rules": [], "privacy": _read(file)}, "compliance": compliance}).cleaning
    assert rules.privacy is not None
    treated = Deidentifier(rules.privacy, b"sixteen bytes or more").apply(
        "Patient: Susan Smith, seen 2024-03-14.", "patient-1"
    )
    assert "Susan" not in str(treated)


@pytest.mark.parametrize("file", _files("annotation"), ids=lambda file: file.stem)
def test_an_example_of_annotation_is_valid(file: Path, project: Path) -> None:
    annotation = _loaded(project, {"annotation": _read(file)}).annotation
    assert annotation is not None
    assert annotation.exports[0].kind == file.stem


@pytest.mark.parametrize("file", _files("vocabularies"), ids=lambda file: file.stem)
def test_an_example_of_a_vocabulary_is_valid(file: Path, project: Path) -> None:
    terms = {"mode": "annotate", "vocabularies": [_read(file)], "fuzzy": {"threshold": 0.9, "margin": 0.02}}
    cleaning = _loaded(project, {"cleaning": {"rules": [], "terms": terms}}).cleaning
    assert cleaning.terms is not None
    assert cleaning.terms.vocabularies[0].kind == file.stem


@pytest.mark.parametrize("file", _files("domains"), ids=lambda file: file.stem)
def test_an_example_of_a_domain_is_valid(file: Path, project: Path) -> None:
    assert config.load([f"domain={file.stem}"]).domain.name == file.stem
