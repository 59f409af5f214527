"""Records of one split and of all folds together, by whichever models decided."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from r1tailor.domain.finance import variants
from r1tailor.evaluation.market import run as measuring
from r1tailor.evaluation.market.decisions import Scores
from r1tailor.evaluation.market.run import track_records
from r1tailor.evaluation.market.timeline import Timeline
from r1tailor.layout import RunFolder
from r1tailor.record_files import write_records
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.support.market_models import QUICK, told

WALK = "evaluation.walk_forward={first_test: 1996, last_test: 1998, test_years: 2, validation_years: 1}"
Parts = dict[str, list[Example]]
MARKET: Any = SimpleNamespace(levels=tuple, crises=tuple, beyond=tuple, documents=())


def _unmeasured() -> dict[str, Any]:
    return {"models": {"base": {}, "tuned": {}}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, line: Timeline) -> list[Path]:
    """The folders of the models that were asked."""
    folders: list[Path] = []

    def scores(
        _settings: Settings, _domain: object, items: list[Example], model: Path, *_: object
    ) -> dict[str, Scores]:
        folders.append(model)
        return {"tuned": told(items), "base": told(items, noise=5.0, seed=2)}

    monkeypatch.setattr(measuring, "model_scores", scores)
    monkeypatch.setattr(measuring, "timeline", lambda _: line)
    return folders


def test_each_fold_is_decided_by_its_own_model_on_its_own_years(
    asked: list[Path], line: Timeline, parts: Parts, settings: Callable[..., Settings], tmp_path: Path
) -> None:
    names = "evaluation.variants=[fold_1996, fold_1998]"
    composed, run = settings("domain=finance", "evaluation=walk_forward", WALK, names, *QUICK), RunFolder(tmp_path)
    folds = variants.folds(composed)
    items = sorted((item for part in parts.values() for item in part), key=lambda item: item.available_at)
    for fold in folds:
        folder = run.variant(fold.name).examples
        folder.mkdir(parents=True)
        ends = {"train": ("", fold.validation), "validation": (fold.validation, fold.test), "test": (fold.test, "9999")}
        for name, (first, end) in ends.items():
            write_records(folder / f"{name}.jsonl", [item for item in items if first <= item.available_at < end])
    metrics = _unmeasured()
    of_folds = {fold.name: fold.settings(composed) for fold in folds}
    records = track_records(composed, run, MARKET, parts, metrics, of_folds)
    assert list(records) == ["split", "walk_forward"]
    places = [run, run.variant("fold_1996"), run.variant("fold_1998")]
    assert asked == [place.phase(composed.curriculum.final) / "model" for place in places]
    dates = [line.dates[day] for day in records["walk_forward"].decisions.days]
    assert dates[0] >= "1996-01-01"
    assert dates[-1] < "2000-01-01"
    assert sorted(set(dates)) == dates, "no day is decided twice"
    assert metrics["walk_forward"] == records["walk_forward"].metrics
    assert (run.evaluation / "metrics.json").is_file()


def test_without_folds_there_is_the_split_alone(
    asked: list[Path], parts: Parts, settings: Callable[..., Settings], tmp_path: Path
) -> None:
    composed = settings("domain=finance", "evaluation=split", *QUICK)
    assert list(track_records(composed, RunFolder(tmp_path), MARKET, parts, _unmeasured(), {})) == ["split"]
    assert len(asked) == 1


def test_what_is_no_market_has_no_record(
    asked: list[Path], parts: Parts, settings: Callable[..., Settings], tmp_path: Path
) -> None:
    plain: Any = SimpleNamespace(documents=())
    metrics = _unmeasured()
    assert track_records(settings(), RunFolder(tmp_path), plain, parts, metrics, {}) == {}
    assert (asked, metrics) == ([], _unmeasured())
