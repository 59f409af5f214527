"""Jobs of a search that fall behind at their validations end early."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from r1tailor import config, store
from r1tailor.errors import Pruned
from r1tailor.training.phase_run import phase_run
from r1tailor.training.pruning import LOSSES, MARK, Prune, fallen_behind, pruning, searched

FOUR = [[1.5, 1.2], [1.6, 1.1], [1.4, 1.3], [2.5, 2.2]]


@pytest.mark.parametrize(
    ("losses", "others", "ends"),
    [
        ([1.6], FOUR, True),  # the median of the first is 1.55
        ([1.5], FOUR, False),
        ([1.0, 9.0], FOUR, False),  # its lowest counts
        ([2.0, 1.9], FOUR, True),
        ([2.0, 1.9, 1.8], FOUR, False),  # nobody has come as far
        ([9.0], FOUR[:3], False),  # too few to fall behind
        ([float("nan")], FOUR, True),
    ],
)
def test_it_ends_above_the_median_of_at_least_four_others(
    losses: list[float], others: list[list[float]], ends: bool
) -> None:
    assert bool(fallen_behind(losses, others)) == ends


def validated(callback: Prune, loss: float) -> None:
    trainer: Any = SimpleNamespace(
        callback_metrics={"validation_loss": loss},
        is_global_zero=True,
        strategy=SimpleNamespace(broadcast=lambda value: value),
    )
    callback.on_validation_end(trainer, SimpleNamespace())  # type: ignore[arg-type]


def test_jobs_tell_each_other_through_files_and_the_last_one_ends(tmp_path: Path) -> None:
    for number, losses in enumerate(FOUR):
        job = Prune(tmp_path / "a" / str(number), 2, "1-all")
        for loss in losses:
            validated(job, loss)
    other = Prune(tmp_path / "a" / "9", 2, "2-more")
    validated(other, 9.0)
    late = tmp_path / "a" / "4"
    behind = Prune(late, 2, "1-all")
    validated(behind, 1.3)
    with pytest.raises(Pruned, match=r"after 2 validations, the median of 4 other jobs is 1\.25"):
        validated(behind, 1.28)
    assert store.read_json(late / LOSSES) == {"1-all": [1.3, 1.28]}
    assert store.read_json(late / MARK)["validations"] == 2
    restored = Prune(late, 2, "1-all")
    restored.load_state_dict(behind.state_dict())
    assert restored.state_dict() == {"losses": [1.3, 1.28]}


def test_only_what_a_searched_job_itself_trains_may_end(tmp_path: Path) -> None:
    def callbacks(folder: Path) -> list[Prune]:
        settings = config.load(["model=tiny_llama", "trainer.precision=fp32"])
        return pruning(phase_run(settings, {"train": [], "validation": []}, {}, config.ROOT, folder))

    job = tmp_path / "3"
    assert callbacks(job / "train" / "1-all") == []
    with searched(job, 1):
        assert len(callbacks(job / "train" / "1-all")) == 1
        assert callbacks(job / "variant" / "shuffled" / "train" / "1-all") == []
    assert callbacks(job / "train" / "1-all") == []
