"""A kind of domain is found by its name, ours or a package's; what it declares is what settings are held against."""

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from r1tailor import config, sources
from r1tailor.domain import declaration, open_domain
from r1tailor.domain.declaration import GROUP, KINDS
from r1tailor.errors import ConfigError
from r1tailor.inputs import code_of
from r1tailor.records import Prediction
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT

Compose = Callable[..., Settings]
TRIAGE = """
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from r1tailor.domain.base import Domain, answer_of
from r1tailor.domain.declaration import Declaration, ScoredMetric
from r1tailor.records import Example
from r1tailor.schema.domain import DomainSection, Task


class TriageTask(Task):
    levels: int = Field(gt=1, description="Levels of urgency.")


class TriageDomain(DomainSection):
    kind: Literal["triage"]
    task: TriageTask


class Triage(Domain):
    def examples(self):
        for document in self.documents:
            yield Example(document.id, self.settings.task.instruction, document.text, document.fields["level"])

    def score(self, example, prediction):
        return {"urgency_accuracy": float(answer_of(prediction.generated) == example.output)}

    def majority_answer(self, train):
        return "1"


def read(origin, path):
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        text, _, level = line.partition("|")
        yield origin.document(str(number), text, f"line {number}", {"level": level})


DECLARATION = Declaration(
    kind="triage",
    section=TriageDomain,
    implementation="triage_package:Triage",
    metrics=(ScoredMetric("urgency_accuracy", "proportion", constant_answer=True),),
    readers={"triage_lines": "triage_package:read"},
)
"""
NOTES = b"chest pain|1\nsore toe|3\n"
CHOSEN = (
    "domain.kind=triage",
    "+domain.task.levels=5",
    "domain.goals=[{metric: urgency_accuracy, at_least: 0.8, why: nobody waits in vain}]",
    "domain.sources.0.reader=triage_lines",
    "domain.sources.0.member=notes.txt",
    f"domain.sources.0.sha256={sha256(NOTES).hexdigest()}",
)


def _installed(folder: Path, name: str, code: str, entries: str) -> None:
    """Write a package and what pip would have written when it was installed."""
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    (folder / f"{name}-1.0.dist-info").mkdir()
    (folder / f"{name}-1.0.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n", encoding="utf-8")
    (folder / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(f"[{GROUP}]\n{entries}\n", encoding="utf-8")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Install packages below tmp_path for the time of a test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    declaration.cache_clear()
    yield lambda name, code, entries: _installed(tmp_path, name, code, entries)
    declaration.cache_clear()


def test_pyproject_lists_our_kinds_as_a_package_of_somebody_else_would() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"][GROUP]
    assert listed == KINDS
    for kind in KINDS:
        assert declaration(kind).kind == kind


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_metric_stands_once_and_is_compared_with_one_that_the_kind_measures(kind: str) -> None:
    names = [metric.name for metric in declaration(kind).metrics]
    assert len(set(names)) == len(names)
    assert {metric.ranked for metric in declaration(kind).metrics} <= {"", *names}
    assert all(metric.ranked for metric in declaration(kind).metrics if f"{metric.name}_ranked" in names)


def test_declarations_come_without_torch_numpy_or_arrow() -> None:
    listed = "import sys; from r1tailor.domain.declaration import *; [declaration(kind) for kind in KINDS]; print("
    listed += "{'torch', 'numpy', 'pyarrow', 'pdfplumber'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_package_brings_a_domain_with_settings_metrics_and_a_reader(
    package: Callable[..., None], tmp_path: Path
) -> None:
    package("triage_package", TRIAGE, "triage = triage_package:DECLARATION")
    settings = config.load([*CHOSEN])
    assert settings.domain.task.levels == 5  # type: ignore[attr-defined]
    assert "levels: 5" in config.as_yaml(settings)
    (tmp_path / "data" / "packaged" / "icd10cm").mkdir(parents=True)
    (tmp_path / "data" / "packaged" / "icd10cm" / "notes.txt").write_bytes(NOTES)
    brought = {
        stage: code_of(stage, "triage").keys() - code_of(stage).keys() for stage in ("collect", "instruct", "train")
    }
    module = {"triage_package.py"}
    assert brought == {"collect": module, "instruct": module, "train": set()}
    (source,) = settings.domain.sources
    documents = list(sources.read(source, tmp_path, [], declaration("triage").readers))
    domain = open_domain(settings.domain, documents)
    first, second = domain.examples()
    assert (first.input, first.output, second.output) == ("chest pain", "1", "3")
    assert [metric.name for metric in domain.metrics] == ["urgency_accuracy"]
    assert domain.score(first, Prediction("1", "1", 0.0, 1, "")) == {"urgency_accuracy": 1.0}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("domain.task.level=5", "domain.task.level is not a setting of .* Did you mean domain.task.levels?"),
        ("domain.task.levels=1", "domain.task.levels = 1: must be greater than 1"),
        (
            "domain.goals.0.metric=chapter_accuracy",
            "'chapter_accuracy': must be one of perplexity, bleu, urgency_accuracy",
        ),
        ("domain.sources.0.reader=triage_line", "zh_laws, triage_lines. Did you mean triage_lines?"),
    ],
)
def test_the_settings_of_a_package_are_checked_as_ours_are(
    override: str, message: str, package: Callable[..., None]
) -> None:
    package("triage_package", TRIAGE, "triage = triage_package:DECLARATION")
    with pytest.raises(ConfigError, match=message):
        config.load([*CHOSEN, override])


def test_an_unknown_kind_is_told_which_there_are(package: Callable[..., None]) -> None:
    package("triage_package", TRIAGE, "triage = triage_package:DECLARATION")
    with pytest.raises(
        ConfigError, match=r"domain\.kind = 'triag': must be one of .*'triage'; .* Did you mean triage\?"
    ):
        config.load(["domain.kind=triag"])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", r"triage_package:DECLARATION cannot be imported: ZeroDivisionError"),
        ("", "triage_package:DECLARATION cannot be imported: AttributeError"),
        ("DECLARATION = 3", "triage_package:DECLARATION is not a Declaration of that kind"),
        ("from r1tailor.domain.medical import DECLARATION", "is not a Declaration of that kind"),
    ],
)
def test_a_package_that_declares_nothing_is_named(code: str, message: str, package: Callable[..., None]) -> None:
    package("triage_package", code, "triage = triage_package:DECLARATION")
    with pytest.raises(ConfigError, match=message):
        config.load([*CHOSEN])


def test_two_packages_do_not_bring_one_kind(package: Callable[..., None]) -> None:
    package("triage_package", TRIAGE, "triage = triage_package:DECLARATION")
    package("second_package", TRIAGE, "triage = second_package:DECLARATION")
    with pytest.raises(ConfigError, match=r"exactly one package must bring it; \w+:DECLARATION, \w+:DECLARATION does"):
        config.load([*CHOSEN])


def test_a_package_does_not_replace_one_of_our_kinds(package: Callable[..., None]) -> None:
    package("triage_package", TRIAGE, "medical = triage_package:DECLARATION")
    assert type(config.load([]).domain).__module__ == "r1tailor.domain.medical"


@pytest.mark.parametrize(
    ("overrides", "metric", "measured"),
    [
        (["domain=medical_zh"], "symptom_precision", "department_accuracy, department_accuracy_ranked"),
        (["domain=finance", "domain.task.tasks=[trend]"], "portfolio_sharpe", "trend_accuracy, trend_accuracy_ranked"),
        (["domain=generic", "domain.sources.0.path=x"], "label_accuracy", "exact_match, entity_coverage"),
    ],
)
def test_a_goal_on_what_these_settings_do_not_measure_is_refused(
    overrides: list[str], metric: str, measured: str
) -> None:
    goal = f"domain.goals=[{{metric: {metric}, at_least: 0, why: w}}]"
    with pytest.raises(
        ConfigError, match=f"metric = '{metric}': not measured with these settings; .*bleu, {measured}, think_rate, "
    ):
        config.load([*overrides, goal])


def test_folds_in_time_are_refused_where_nothing_trains_them() -> None:
    with pytest.raises(ConfigError, match=r"domain\.kind = medical knows no folds in time"):
        config.load(["evaluation=walk_forward"])


def test_variants_that_cannot_be_trained_are_refused_at_composition() -> None:
    with pytest.raises(ConfigError, match="labels look 29 calendar days ahead"):
        config.load(["domain=finance", "evaluation=walk_forward", "domain.split.embargo_days=20"])
