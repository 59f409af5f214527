"""The study: drawn, told, gone on with."""

from pathlib import Path

import pytest

from r1tailor.errors import ConfigError
from r1tailor.search.asked import Asked

optuna = pytest.importorskip("optuna", reason="the extra search is not installed")

from optuna.distributions import FloatDistribution  # noqa: E402

from r1tailor.search.study import Study  # noqa: E402

LOSS = Asked(6, 2, {"validation_loss": "minimize"}, "random", 1)
SPACE = {"++optimizer.lr": FloatDistribution(0.0, 1.0)}


def done(loss: float, **metrics: float) -> dict[str, object]:
    return {"status": "done", "seconds": 2.0, "costs": {"validation_loss": loss}, "metrics": metrics}


def lr(overrides: list[str]) -> float:
    return float(overrides[-1].partition("=")[2])


def test_a_search_goes_on_where_it_was_and_draws_no_value_twice(tmp_path: Path) -> None:
    first = Study(tmp_path, LOSS, ["domain=legal"], SPACE)
    jobs = first.drawn()
    assert list(jobs) == [0, 1]
    assert all(overrides[0] == "domain=legal" for overrides in jobs.values())
    first.tell(0, done(lr(jobs[0])))
    again = Study(tmp_path, LOSS, ["domain=legal"], SPACE)
    assert again.interrupted() == {1: jobs[1]}
    again.tell(1, {"status": "failed"})
    later = again.drawn() | again.drawn() | again.drawn()
    assert list(later) == [2, 3, 4, 5], "six in all, the failed one among them"
    assert len({lr(overrides) for overrides in (jobs | later).values()}) == 6


def test_its_summary_names_the_best_job_and_what_mattered(tmp_path: Path) -> None:
    study = Study(
        tmp_path, Asked(12, 12, LOSS.objectives, "random", 1), [], SPACE | {"++seed": FloatDistribution(0, 1)}
    )
    jobs = study.drawn()
    for number, overrides in jobs.items():
        study.tell(number, done(float(overrides[0].partition("=")[2])) if number else {"status": "pruned"})
    found = study.summary()
    lowest = min((number for number in jobs if number), key=lambda number: float(jobs[number][0].partition("=")[2]))
    assert found["best"] == [lowest]
    assert found["importance"]["validation_loss"]["optimizer.lr"] > 0.8


def test_several_objectives_keep_every_run_that_none_is_better_than(tmp_path: Path) -> None:
    asked = Asked(3, 3, {"seconds": "minimize", "f1": "maximize"}, "tpe", 1)
    study = Study(tmp_path, asked, [], SPACE)
    study.drawn()
    for number, (seconds, f1) in enumerate([(1.0, 0.5), (2.0, 0.9), (3.0, 0.7)]):
        study.tell(number, done(1.0, f1=f1) | {"seconds": seconds})
    assert study.summary()["best"] == [0, 1]


def test_an_objective_that_was_not_measured_ends_the_search(tmp_path: Path) -> None:
    study = Study(tmp_path, Asked(2, 1, {"bleu": "maximize"}, "tpe", 1), [], SPACE)
    study.drawn()
    with pytest.raises(ConfigError, match="bleu was not measured by job 0; it has validation_loss, seconds, f1"):
        study.tell(0, done(1.0, f1=0.5))


def test_another_search_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    Study(tmp_path, LOSS, ["domain=legal"], SPACE)
    with pytest.raises(ConfigError, match=r"holds another search \(fixed differ\)"):
        Study(tmp_path, LOSS, ["domain=medical"], SPACE)
    with pytest.raises(ConfigError, match=r"holds another search \(space differ\)"):
        Study(tmp_path, LOSS, ["domain=legal"], {"++optimizer.lr": FloatDistribution(0.0, 2.0)})


def test_a_search_with_other_objectives_is_refused(tmp_path: Path) -> None:
    Study(tmp_path, LOSS, [], SPACE)
    with pytest.raises(ConfigError, match=r"holds another search \(objectives differ\)"):
        Study(tmp_path, Asked(6, 2, {"f1": "maximize", "seconds": "minimize"}, "tpe", 1), [], SPACE)
