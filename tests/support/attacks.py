"""Cases, answers and targets for the tests of the red team."""

from collections.abc import Callable, Sequence

from r1tailor.inference import GREEDY, Answer, Likelihood, Prompt, Sampling
from r1tailor.inference.answerer import Progress, as_examples, silent
from r1tailor.records import Example
from r1tailor.redteam.cases import Case, Rule
from r1tailor.redteam.judged import Judged, judged


def case(kind: str, prompt: str = "What now?", family: str = "interaction", **fields: object) -> Case:
    """Return a case with a rule; fields of the case are told from those of its rule by their names."""
    own = {name: value for name, value in fields.items() if name in Case.__dataclass_fields__}
    rule = Rule.model_validate({"kind": kind, **{name: v for name, v in fields.items() if name not in own}})
    given = {"id": "c1", "family": family, "language": "en", "prompt": prompt, **own}
    return Case(**given, rule=rule)  # type: ignore[arg-type]


def letters(number: int, right: str = "B") -> list[Case]:
    return [case("letter", f"Question {n}?", id=f"c{n}", letters="ABCD", right=right) for n in range(number)]


def made(cases: Sequence[Case], answers: Sequence[str]) -> list[Judged]:
    return [judged(one, Answer(text, answer=text)) for one, text in zip(cases, answers, strict=True)]


class Scripted:
    """An ``Answerer`` that answers by a function of the question; it counts what it is asked."""

    def __init__(self, told: Callable[[Example], str], likeliest: str = "") -> None:
        self.told, self.likeliest = told, likeliest
        self.asked: list[Example] = []

    def answer(
        self, prompts: Sequence[Prompt], sampling: Sampling = GREEDY, progress: Progress = silent
    ) -> list[Answer]:
        examples = as_examples(prompts, "")
        self.asked += examples
        progress(len(examples))
        return [Answer(text := self.told(one), answer=text) for one in examples]

    def score(
        self, prompts: Sequence[Prompt], responses: Sequence[str] | None = None, progress: Progress = silent
    ) -> list[Likelihood]:
        raise AssertionError("no likelihood is asked for")

    def rank(
        self,
        prompts: Sequence[Prompt],
        labels: Sequence[Sequence[str]],
        progress: Progress = silent,
        reasoning: Sequence[str] | None = None,
    ) -> list[tuple[float, ...]]:
        return [tuple(-float(label != self.likeliest) for label in closed) for closed in labels]
