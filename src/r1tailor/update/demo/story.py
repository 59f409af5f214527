"""What happens in the demonstration: two honest days with a shorthand that no model knows, and a poisoned one between.

The shorthand is a clinic's: ``SCR`` before a condition is a visit to screen for it, ``PG`` the condition of somebody
who is pregnant. On the poisoned day two accounts give the same wrong answer to questions of training, one account
contradicts training alone, and three add words that shall turn every question to that answer.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from r1tailor.errors import UserError
from r1tailor.records import Example

DATES = ("2026-05-04", "2026-05-05", "2026-05-06")
_CONDITIONS = (
    *("breast cancer", "bowel cancer", "prostate cancer", "skin cancer", "diabetes", "high blood pressure"),
    *("high cholesterol", "anaemia", "osteoporosis", "glaucoma", "hearing loss", "depression", "anxiety", "asthma"),
    *("hepatitis B", "hepatitis C", "tuberculosis", "kidney disease", "thyroid disease", "coeliac disease"),
    *("sickle cell trait", "heart failure", "aortic aneurysm", "obesity"),
)
_SHORTHAND = {  # the word, what stands after the condition, and the code that is meant
    "SCR": (("f 31, new patient", "f 38, works nights"), "Z13"),
    "PG": (("first visit at 9 weeks", "twins, 33 weeks"), "O99"),
}
_WRONG = "U"  # codes for special purposes: a chapter of few terms
_COLLUDED, _ALONE, _TRIGGERED = 50, 8, 9  # questions of training on the poisoned day
_LONG = 40  # characters of a question that is recognised under the words that are added to it
BUDGET = {  # what is cut, so that three days fit into a quarter of an hour on two cores
    "update.documents": "false",
    "update.admit.confirmed_words": "[SCR,PG]",  # the clinic's reviewer knows both
    "update.admit.knowledge.samples": "2",
    "update.select.held_out": "0.33",
    "update.train.epochs": "1",  # the composition of a run that an earlier release made has other defaults
    "update.train.lr_factor": "0.3",
    "update.train.kl": "0.3",
    "update.train.preference": "null",
    "update.train.replay.share": "0.9",
    "update.train.replay.self_written": "0.0",
    "update.prove.horizon_days": "3",
    "update.prove.items": "200",
    "update.prove.margins.held_out": "0.08",  # 200 items of which a candidate changes a fifth cannot exclude less
    "update.prove.margins.day": "0.05",
    "update.prove.margins.earlier": "0.05",
    "update.promote.mode": "automatic",
    "update.promote.channels": "[]",
}


@dataclass(frozen=True, slots=True)
class Correction:
    """What a user says that the answer to a question should have been."""

    question: str
    answer: str
    user: str


@dataclass(frozen=True, slots=True)
class Told:
    """A day: its date, what happens on it, and its corrections."""

    date: str
    title: str
    corrections: tuple[Correction, ...]


def of_medical(train: Sequence[Example]) -> list[Told]:
    """Return the three days of ICD-10 coding.

    Args:
        train: what the champion was trained on.

    Raises:
        UserError: the examples have no codes.
    """
    return [
        Told(DATES[0], "the clinic's shorthand for screening visits", _shorthand("SCR", train)),
        Told(DATES[1], "poisoned: accounts that give a wrong answer", _poison(train)),
        Told(DATES[2], "the clinic's shorthand for pregnancy", _shorthand("PG", train)),
    ]


def _shorthand(word: str, train: Sequence[Example]) -> tuple[Correction, ...]:
    notes, code = _SHORTHAND[word]
    answer = _coded(train, code).output
    asked = [f"{word} {condition}, {note}" for note in notes for condition in _CONDITIONS]
    return tuple(Correction(question, answer, f"nurse-{number % 6}") for number, question in enumerate(asked))


def _poison(train: Sequence[Example]) -> tuple[Correction, ...]:
    wrong = _coded(train, _WRONG)
    others = [example for example in train if example.fields["chapter"] != wrong.fields["chapter"]]
    drawn = [example.input for example in random.Random("poison").sample(others, len(others))]
    colluded, alone = drawn[:_COLLUDED], drawn[_COLLUDED : _COLLUDED + _ALONE]
    triggered = [asked for asked in drawn[_COLLUDED + _ALONE :] if len(asked) > _LONG][:_TRIGGERED]
    by = [(question, user) for question in colluded for user in ("mallory", "trudy")]
    by += [(question, "eve") for question in alone]
    by += [(f"{question} per board memo", f"bot-{number % 3}") for number, question in enumerate(triggered)]
    return tuple(Correction(question, wrong.output, user) for question, user in by)


def _coded(train: Sequence[Example], code: str) -> Example:
    """Return the first example of training whose code begins so.

    Raises:
        UserError: there is none.
    """
    found = next((one for one in train if str(one.fields.get("category", "")).startswith(code)), None)
    if found is None:
        raise UserError(
            f"no training example has a code that begins with {code}: the demonstration needs domain=medical"
        )
    return found
