"""What a model makes of held-out examples: likelihoods, answers, rankings after the reasoning of the answer."""

from collections.abc import Sequence
from dataclasses import replace

from r1tailor.domain import is_text
from r1tailor.inference.answerer import Answer, Answerer, Likelihood, Progress
from r1tailor.inference.ranking import likeliest
from r1tailor.inference.sampling import GREEDY, Sampling
from r1tailor.records import Example, Prediction, Sample


def predict(
    answerer: Answerer,
    examples: Sequence[Example],
    labels: Sequence[Sequence[str]],
    progress: Progress,
    sampling: Sampling = GREEDY,
    samples: int = 1,
) -> list[Prediction]:
    """Return one prediction for each example, in order.

    Args:
        answerer: the model.
        examples: the held-out items.
        labels: for each example the closed set to rank, may be empty.
        progress: called with the number of examples done in each pass: likelihood, answers (one a sample), ranking.
        sampling: of the answers.
        samples: how many answers are drawn for each example.

    Raises:
        DataError: an example is longer than the model reads: a reference is scored whole or not at all.
    """
    likelihoods = answerer.score(examples, progress=progress)
    drawn = [_answers(answerer, examples, replace(sampling, sample=number), progress) for number in range(samples)]
    scores = answerer.rank(examples, labels, progress, [answer.reasoning for answer in drawn[0]])
    return [
        replace(_prediction(example, answers, likelihood), ranked=likeliest(closed, values), label_scores=values)
        for example, answers, likelihood, closed, values in zip(
            examples, zip(*drawn, strict=True), likelihoods, labels, scores, strict=True
        )
    ]


def _prediction(example: Example, answers: Sequence[Answer], likelihood: Likelihood) -> Prediction:
    first, *others = answers
    return Prediction(
        example.id,
        first.tagged,
        likelihood.log_likelihood,
        likelihood.tokens,
        "",
        reasoning_tokens=first.reasoning_tokens,
        truncated=first.truncated,
        samples=tuple(Sample(one.tagged, one.reasoning_tokens, one.truncated) for one in others),
        block_log_likelihood=likelihood.block_log_likelihood,
        block_tokens=likelihood.block_tokens,
    )


def _answers(answerer: Answerer, examples: Sequence[Example], sampling: Sampling, progress: Progress) -> list[Answer]:
    """Return the answers; a whole text asks nothing, and has none."""
    if all(map(is_text, examples)):
        progress(len(examples))
        return [Answer("")] * len(examples)
    return answerer.answer(examples, sampling, progress)
