"""The blockwise loss equals cross-entropy and divergence over dense logits, with its gradients."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from r1tailor.batching.taught import Taught
from r1tailor.kernels.distillation import distilled_cross_entropy, divergences

VOCABULARY = 50


def lesson(rows: int, k: int, temperature: float = 1.0) -> tuple[Taught, Tensor]:
    """Return what a random teacher expects, and its whole distributions [S, V]."""
    whole = (3 * torch.randn(rows, VOCABULARY) / temperature).log_softmax(dim=1)
    return lesson_of(whole, k), whole


def lesson_of(whole: Tensor, k: int) -> Taught:
    known, ids = whole.topk(k, dim=1)
    return Taught(ids, known, whole.scatter(1, ids, -torch.inf).logsumexp(1))


def dense(logits: Tensor, labels: Tensor, whole: Tensor, k: int, share: float, temperature: float, s: float) -> Tensor:
    """Sum both losses over dense logits; the teacher's other tokens are put together by a plain sum."""
    ids = whole.topk(k, dim=1).indices
    outcomes = []
    for log in (whole, (logits / temperature).log_softmax(dim=1)):
        others = log.exp().scatter(1, ids, 0.0).sum(1, keepdim=True)
        outcomes.append(torch.cat([log.exp().gather(1, ids), others], dim=1))
    divergence = F.kl_div(outcomes[1].log(), outcomes[0], reduction="sum")
    hard = F.cross_entropy(logits, labels, label_smoothing=s, reduction="sum")
    return (1 - share) * hard + share * temperature**2 * divergence


@pytest.mark.parametrize("rows", [1, 256, 300])
@pytest.mark.parametrize("k", [1, 7, VOCABULARY - 1])
@pytest.mark.parametrize(("share", "temperature", "smoothing"), [(0.5, 1.0, 0.0), (1.0, 2.0, 0.0), (0.3, 0.7, 0.1)])
def test_the_blockwise_loss_equals_the_dense_one_with_gradients(
    rows: int, k: int, share: float, temperature: float, smoothing: float
) -> None:
    taught, whole = lesson(rows, k, temperature)
    hidden, weight, labels = torch.randn(rows, 16), torch.randn(VOCABULARY, 16), torch.randint(0, VOCABULARY, (rows,))
    ours = [tensor.clone().requires_grad_() for tensor in (hidden, weight)]
    theirs = [tensor.double().requires_grad_() for tensor in (hidden, weight)]
    mine = distilled_cross_entropy(*ours, labels, taught, share, temperature, smoothing)
    reference = dense(theirs[0] @ theirs[1].T, labels, whole.double(), k, share, temperature, smoothing)
    torch.testing.assert_close(mine.double(), reference, rtol=1e-5, atol=1e-5)
    (mine * 0.3).backward()
    (reference * 0.3).backward()
    for one, other in zip(ours, theirs, strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert float((one.grad - other.grad).norm() / other.grad.norm()) < 1e-5


def test_the_divergence_is_zero_for_the_teacher_itself_and_at_most_that_over_all_tokens() -> None:
    taught, whole = lesson(40, 5)
    torch.testing.assert_close(divergences(whole, taught), torch.zeros(40), rtol=0, atol=1e-6)
    student = torch.randn(40, VOCABULARY)
    every = F.kl_div(student.log_softmax(1), whole, log_target=True, reduction="none").sum(1)
    found = divergences(student, taught)
    assert bool((found <= every + 1e-6).all())
    assert bool((found >= 0).all())
    nearly = divergences(student, lesson_of(whole, VOCABULARY - 1))
    torch.testing.assert_close(nearly, every, rtol=1e-5, atol=1e-6)


def test_extreme_logits_give_finite_numbers() -> None:
    """A teacher that is sure, a student that is sure of something else."""
    whole = torch.full((2, VOCABULARY), -60.0).scatter(1, torch.tensor([[0], [1]]), 0.0)
    hidden, weight = torch.eye(2, requires_grad=True), torch.full((VOCABULARY, 2), -60.0)
    weight[4] = 60.0
    exact = lesson_of(whole, 3)
    taught = Taught(exact.ids, exact.log_probabilities.half().float(), exact.rest)
    loss = distilled_cross_entropy(hidden, weight.requires_grad_(), torch.tensor([0, 1]), taught, 0.5, 1.0, 0.1)
    loss.backward()
    assert bool(torch.isfinite(loss))
    assert hidden.grad is not None
    assert weight.grad is not None
    assert bool(torch.isfinite(hidden.grad).all())
    assert bool(torch.isfinite(weight.grad).all())
