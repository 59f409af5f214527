"""trainer.precision=auto is measured once, said, and kept: a run goes on in the precision that it began with."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from r1tailor import artifact, store
from r1tailor.planning import precision
from r1tailor.schema.settings import Settings
from tests.conftest import FASTER, ROOT
from tests.support.commands import Done


@pytest.fixture(autouse=True)
def _measured_anew() -> None:
    precision.fastest.cache_clear()


def rates(monkeypatch: pytest.MonkeyPatch, bf16: float, fp32: float) -> None:
    known = {torch.bfloat16: bf16, torch.float32: fp32}
    monkeypatch.setattr(precision, "product_rate", known.__getitem__)


@pytest.mark.parametrize(
    ("bf16", "fp32", "chosen"),
    [(9e11, 2e11, "bf16"), (1.6e11, 3.2e11, "fp32"), (2e11, 2.1e11, "bf16"), (2e11, 2.3e11, "fp32")],
)
def test_the_faster_one_is_chosen_and_said(
    bf16: float,
    fp32: float,
    chosen: str,
    settings: Callable[..., Settings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rates(monkeypatch, bf16, fp32)
    found = precision.with_precision(settings("trainer.precision=auto"), tmp_path)
    assert found.trainer.precision == chosen
    said = f"{bf16 / 1e9:,.0f} GFLOP/s in bf16 and {fp32 / 1e9:,.0f} GFLOP/s in fp32 here"
    assert capsys.readouterr().out == f"precision: {chosen} (matrix products run at {said})\n"


def test_an_interrupted_run_goes_on_as_it_began(
    settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates(monkeypatch, 1e11, 3e11)
    assert precision.with_precision(settings(), tmp_path).trainer.precision == "fp32"
    precision.fastest.cache_clear()
    rates(monkeypatch, 9e11, 3e11)
    assert precision.with_precision(settings(), tmp_path).trainer.precision == "fp32"
    assert precision.with_precision(settings(), tmp_path / "another").trainer.precision == "bf16"


def test_a_precision_that_is_given_is_not_measured(settings: Callable[..., Settings], tmp_path: Path) -> None:
    given = settings("trainer.precision=bf16")
    assert precision.with_precision(given, tmp_path) is given
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_rate_is_that_of_real_products(dtype: torch.dtype) -> None:
    assert 1e8 < precision.product_rate(dtype) < 1e15


def test_a_run_records_the_precision_that_its_evaluation_uses(
    run_command: Callable[..., Done], own_domain: Path, output: str
) -> None:
    chosen = ("domain=colours", "model=tiny_llama", "trainer.max_steps=1")
    done = run_command(
        "train.py", f"--config-dir={own_domain}", *chosen, f"output={output}", *FASTER, "trainer.precision=auto"
    )
    assert done.code == 0, done.err
    trained = ROOT / output / "train" / "1-all"
    recorded = store.read_json(trained / "metrics.json")["precision"]
    assert recorded in ("bf16", "fp32")
    assert artifact.read(trained / "model").precision == recorded
    assert precision.begun_with(trained) == recorded
