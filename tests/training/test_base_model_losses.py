"""The base model's loss on each answer: measured once, then read from the cache."""

from pathlib import Path

import pytest
import torch

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods
from r1tailor.training.base_model_losses import base_losses
from tests.support.phases import settings_of


def tokens(count: int = 9) -> list[TokenizedExample]:
    generator = torch.Generator().manual_seed(1)
    ids = [torch.randint(9, 200, (4 + i,), generator=generator).tolist() for i in range(count)]
    return [TokenizedExample(f"e{i}", (7, 7, *some[:-2]), tuple(some[-2:])) for i, some in enumerate(ids)]


def test_the_base_models_loss_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path))
    settings, made = settings_of(), tokens()
    model = load.load_model(settings.model, config.ROOT, torch.float32, settings.seed)
    with torch.inference_mode():
        alone = {e.id: -float(log_likelihoods(model, next(pack([e], 60, 0)))) / 2 for e in made}
    found = base_losses(settings, ["toy"], made, config.ROOT, 0)
    assert found == pytest.approx(alone, rel=1e-5)
    soft = [TokenizedExample(e.id, (e.prompt[0], -3, -2, *e.prompt[1:]), e.response) for e in made]
    with monkeypatch.context() as patched:
        patched.setattr(load, "load_model", None)
        assert base_losses(settings, ["toy"], made, config.ROOT, 0) == found
        assert base_losses(settings, ["toy"], soft, config.ROOT, 0) == found, "soft tokens are left out"
        with pytest.raises(TypeError):
            base_losses(settings, ["another model"], made, config.ROOT, 0)
        with pytest.raises(TypeError):
            base_losses(settings, ["toy"], made[:-1], config.ROOT, 0)
    (entry,) = (tmp_path / "losses").iterdir()
    entry.write_text(entry.read_text().replace(".", ".1", 1))
    assert base_losses(settings, ["toy"], made, config.ROOT, 0) == found, "a damaged entry is computed anew"
