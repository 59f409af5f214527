"""What a decoder may use, and what an answer needs."""

from r1tailor.inference.wanted import Budget, budget_of
from tests.support.toy_answerers import toy


def test_the_budget_follows_from_the_row_that_training_holds() -> None:
    _, model, _ = toy("tiny_llama")
    hidden, layers = model.config.hidden_size, model.config.num_hidden_layers
    assert budget_of(model, 100, 7) == Budget(100 * layers * 16 * hidden * 4, 100, 7)
