"""What a model makes of held-out examples: likelihoods, rankings, greedy answers."""

from collections.abc import Sequence

from r1tailor.domain import is_text
from r1tailor.inference.answerer import Answer, Answerer, Progress
from r1tailor.inference.ranking import likeliest
from r1tailor.inference.sampling import GREEDY
from r1tailor.records import Example, Prediction


def predict(
    answerer: Answerer, examples: Sequence[Example], labels: Sequence[Sequence[str]], progress: Progress
) -> list[Prediction]:
    """Return one prediction for each example, in order.

    Args:
        answerer: the model.
        examples: the held-out items.
        labels: for each example the closed set to rank, may be empty.
        progress: called with the number of examples done in each of the three passes.

    Raises:
        DataError: an example is longer than the model reads: a reference is scored whole or not at all.
    """
    likelihoods = answerer.score(examples, progress=progress)
    scores = answerer.rank(examples, labels, progress)
    answers = _answers(answerer, examples, progress)
    return [
        Prediction(example.id, answer.tagged, one.log_likelihood, one.tokens, likeliest(closed, values), values)
        for example, answer, one, closed, values in zip(examples, answers, likelihoods, labels, scores, strict=True)
    ]


def _answers(answerer: Answerer, examples: Sequence[Example], progress: Progress) -> list[Answer]:
    """Return the greedy answers; a whole text asks nothing, and has none."""
    if all(map(is_text, examples)):
        progress(len(examples))
        return [Answer("")] * len(examples)
    return answerer.answer(examples, GREEDY, progress)
