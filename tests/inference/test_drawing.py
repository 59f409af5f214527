"""Draws are from the nucleus, in proportion, and the same in any company."""

import pytest
import torch

from r1tailor.inference import drawing
from r1tailor.inference.drawing import drawn
from r1tailor.inference.sampling import GREEDY, Sampling

LOGITS = torch.log(torch.tensor([0.1, 0.5, 0.25, 0.15]))


def test_a_number_is_looked_up_in_the_order_of_the_vocabulary() -> None:
    numbers = [0.05, 0.11, 0.59, 0.61, 0.84, 0.86, 1 - 1e-12]
    rows = LOGITS.repeat(len(numbers), 1)
    assert drawn(rows, Sampling(temperature=1.0), numbers).tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert drawn(rows, GREEDY, []).tolist() == [1] * len(numbers)


@pytest.mark.parametrize(("top_p", "inside"), [(0.4, {1}), (0.6, {1, 2}), (0.8, {1, 2, 3}), (1.0, {0, 1, 2, 3})])
def test_a_nucleus_is_the_smallest_set_with_its_probability(top_p: float, inside: set[int]) -> None:
    numbers = torch.linspace(0, 0.999, 200).tolist()
    tokens = drawn(LOGITS.repeat(200, 1), Sampling(temperature=1.0, top_p=top_p), numbers)
    assert set(tokens.tolist()) == inside
    shares = torch.bincount(tokens, minlength=4) / 200
    wanted = LOGITS.exp() * torch.tensor([float(token in inside) for token in range(4)])
    assert torch.allclose(shares, wanted / wanted.sum(), atol=0.02), "in proportion within it"


def test_temperature_flattens_or_sharpens() -> None:
    numbers = torch.linspace(0, 0.999, 1000).tolist()
    rows = LOGITS.repeat(1000, 1)
    cold, hot = ((drawn(rows, Sampling(temperature=heat), numbers) == 1).float().mean().item() for heat in (0.3, 3.0))
    assert cold > 0.85
    assert hot < 0.4


@pytest.mark.parametrize("likeliest", [1, 7, 64])
def test_a_nucleus_is_the_same_whether_or_not_all_tokens_are_sorted(
    likeliest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_LIKELIEST", likeliest)
    logits = torch.randint(0, 6, (40, 64), generator=torch.Generator().manual_seed(1)).float()  # many equals
    probabilities = logits.double().softmax(-1)
    for top_p in (0.01, 0.3, 0.9, 0.999):
        ordered, order = torch.sort(probabilities, dim=-1, descending=True, stable=True)
        inside = ordered.cumsum(-1) - ordered < top_p
        expected = torch.zeros_like(inside).scatter(-1, order, inside)
        assert torch.equal(drawing._nucleus(probabilities, top_p), expected)
