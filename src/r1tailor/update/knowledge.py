"""What the champion knows: answers it is confident of and that training verifies. One user does not overturn them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from r1tailor.inference.answerer import Answerer
from r1tailor.inference.sampling import Sampling
from r1tailor.records import Example
from r1tailor.schema.update import Knowledge
from r1tailor.update.alike import near_questions
from r1tailor.update.day import Material
from r1tailor.update.repeats import Verdict
from r1tailor.update.voter import Voter, drawn


def overturned(
    items: Sequence[Material],
    support: Mapping[str, int],
    train: Sequence[Example],
    voter: Voter,
    answerer: Answerer,
    settings: Knowledge,
    sampling: Sampling,
) -> dict[str, Verdict]:
    """Return the items of too few users that contradict what the champion knows, each with the reason.

    Args:
        items: what is left of a day.
        support: different users behind each item's answer, by id.
        train: all earlier training examples.
        voter: what answers stand for.
        answerer: the champion.
        settings: when it is confident, and what verifies its answer.
        sampling: of its answers.
    """
    doubted = [item for item in items if item.user and item.labelled and support.get(item.id, 1) < settings.users]
    asked = [item.example for item in doubted]
    verifying: dict[int, list[Example]] = defaultdict(list)
    for row, column in near_questions(asked, train, settings.similarity):
        verifying[row].append(train[column])
    rows = [row for row in range(len(doubted)) if row in verifying]  # what nothing verifies need not be asked
    answers = drawn(answerer, [asked[row] for row in rows], settings.samples, sampling)
    found: dict[str, Verdict] = {}
    for row, texts in zip(rows, answers, strict=True):
        known = _known([voter.vote(asked[row], text) for text in texts], settings)
        if known and known != voter.vote(asked[row], asked[row].output):
            proof = next((one for one in verifying[row] if voter.vote(one, one.output) == known), None)
            if proof:
                found[doubted[row].id] = ("needs_second_user", proof.id)
    return found


def _known(votes: Sequence[str], settings: Knowledge) -> str:
    """Return what the champion is confident of; empty where it is not."""
    (most, count), *_ = Counter(votes).most_common(1) or [("", 0)]
    return most if count >= settings.confidence * settings.samples else ""
