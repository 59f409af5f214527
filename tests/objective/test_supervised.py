"""The loss of a packed row is the sum of plain cross-entropy over supervised tokens, example by example."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.packing import MicroBatch, pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.model import load
from r1tailor.objective.supervised import log_likelihoods, next_token_log_likelihoods, summed_loss
from r1tailor.strategy import open_strategy
from tests.training.test_module import varied


def model_of(*overrides: str) -> nn.Module:
    settings = config.load(["model=tiny_llama", "trainer.precision=fp32", *overrides])
    return open_strategy(settings.strategy).apply(load.load_model(settings.model, config.ROOT, torch.float32, 3)).eval()


def row(examples: list[TokenizedExample]) -> MicroBatch:
    (micro,) = pack(examples, 10_000, 0)
    return micro


def logits_and_labels(model: nn.Module, example: TokenizedExample) -> tuple[Tensor, Tensor]:
    """Return [S, V] and [S] of one example alone: the logits that predict its response."""
    alone = row([example])
    return next_token_log_likelihoods(model, alone), alone.labels


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("targets", ["all_linear", "[q_proj,lm_head]"])
def test_the_loss_is_that_of_one_example_at_a_time(smoothing: float, targets: str) -> None:
    """With an adapter on the head the loss takes the general path; both are the same sum."""
    model, examples = model_of(f"strategy.target_modules={targets}"), varied(6)
    with torch.no_grad():
        pairs = [logits_and_labels(model, example) for example in examples]
        losses = [F.cross_entropy(*pair, label_smoothing=smoothing, reduction="sum") for pair in pairs]
    alone = float(torch.stack(losses).sum())
    together = summed_loss(model, row(examples), smoothing)
    assert together.requires_grad
    assert float(together.detach()) == pytest.approx(alone, rel=1e-5)


def test_log_likelihoods_belong_to_their_examples() -> None:
    model, examples = model_of(), varied(6)
    packed = row(examples)
    with torch.no_grad():
        found = dict(zip(packed.members, log_likelihoods(model, packed).tolist(), strict=True))
        for index, example in enumerate(examples):
            logits, labels = logits_and_labels(model, example)
            assert found[index] == pytest.approx(float(logits.gather(1, labels[:, None]).sum()), rel=1e-5)
    assert sum(found.values()) == pytest.approx(-float(summed_loss(model, packed, 0.0).detach()), rel=1e-5)


def test_next_token_log_likelihoods_are_normalised_over_the_vocabulary() -> None:
    packed = row(varied(3))
    with torch.no_grad():
        found = next_token_log_likelihoods(model_of(), packed)
    assert found.shape[0] == packed.supervised
    torch.testing.assert_close(found.exp().sum(1), torch.ones(packed.supervised), rtol=1e-5, atol=1e-5)
