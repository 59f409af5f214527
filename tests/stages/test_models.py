"""Variants: other settings over the documents of one run, trained by stages of their own, read by ``evaluate``."""

import pytest

from r1tailor import config, stages, store
from r1tailor.errors import ConfigError
from r1tailor.layout import RunFolder
from r1tailor.schema.settings import Settings
from r1tailor.stages import models
from tests.conftest import FASTER

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")
MARKET = (
    "domain=finance",
    "model=tiny_llama",
    "trainer.max_steps=2",
    "trainer.validations=1",
    "trainer.max_length=2048",
    "domain.task={every_days: 20}",
    "evaluation.max_items=8",
    "evaluation.warning.calibration_items=20",
    "evaluation.warning.random_seeds=2",
    *FASTER[:3],
    *FASTER[4:],
)
FOLDS = (
    "evaluation=walk_forward",
    "evaluation.walk_forward={first_test: 2011, last_test: 2017, test_years: 6, validation_years: 3}",
    "evaluation.variants=[fold_2011, fold_2017, text]",
)


@pytest.fixture(scope="module")
def composed() -> Settings:
    return config.load([*MARKET, *FOLDS])


@pytest.fixture(scope="module")
def run(composed: Settings, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A market with its examples, its model and those of its variants."""
    place = RunFolder(tmp_path_factory.mktemp("market"))
    for stage in (
        stages.collect,
        stages.clean,
        stages.annotate,
        stages.instruct,
        stages.teach,
        stages.train,
        stages.variant,
    ):
        stage(composed, place)
    return place


def test_each_variant_trains_on_its_own_settings_in_a_folder_of_its_name(composed: Settings, run: RunFolder) -> None:
    assert sorted(folder.name for folder in run.variants.iterdir()) == ["fold_2011", "fold_2017", "text"]
    for name in composed.evaluation.variants:
        place = run.variant(name)
        assert store.damage(place.phase("1-all") / "model") is None
        assert not (place.path / "collect").exists(), "documents are shared, not copied"
    folds = [run.variant(name).parts() for name in ("fold_2011", "fold_2017")]
    assert (
        max(e.available_at for e in folds[0]["train"]) < "2008-01-01" <= min(e.available_at for e in folds[0]["test"])
    )
    assert len(folds[1]["train"]) > len(folds[0]["train"])
    assert not any(example.series for example in run.variant("text").parts()["train"])


def test_evaluation_reads_the_models_of_variants_and_trains_none(
    composed: Settings, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "train", lambda *_: pytest.fail("evaluate trains"))
    before = store.sha256_tree(run.variants)
    stages.evaluate(composed, run)
    metrics = store.read_json(run.evaluation / "metrics.json")
    assert "tuned, numbers as text" in metrics["warning"]["models"]
    assert "tuned" in metrics["walk_forward"]["warning"]["models"]
    assert store.sha256_tree(run.variants) == before


def test_one_variant_is_chosen_by_name(composed: Settings, run: RunFolder) -> None:
    with pytest.raises(ConfigError, match=r"--name fold_1999: evaluation\.variants has fold_2011, fold_2017, text"):
        stages.variant(composed, run, "fold_1999")
