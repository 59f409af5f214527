"""How a version learns every day: what is taken in, chosen, trained, proven, promoted (``update/``)."""

from typing import Literal

from pydantic import Field, model_validator

from r1tailor.fields import Fraction, Location
from r1tailor.schema.base import Section
from r1tailor.schema.objective import PairLoss

Policy = Literal["confident_rare", "uncertain", "random", "all"]
GateName = Literal["held_out", "earlier", "day"]


class Knowledge(Section):
    """What the champion is taken to know, and what contradicts it."""

    samples: int = Field(ge=2, le=64, description="Answers that the champion gives to the question of a correction.")
    confidence: float = Field(
        gt=0, le=1, description="Share of its answers that must agree for the champion to be taken as confident."
    )
    similarity: float = Field(
        gt=0,
        le=1,
        description="Jaccard index over character trigrams from which a training example verifies what the champion "
        "answers to a question.",
    )
    users: int = Field(
        ge=1,
        description="Different users who must give an answer that contradicts training data, or what the champion "
        "knows and a training example verifies.",
    )


class Admit(Section):
    """Which material of a day may be learnt from; the rest goes to quarantine with its reason."""

    most_of_user: int = Field(gt=0, description="Items of one user that a day takes; later ones wait for another day.")
    most_of_source: int = Field(
        gt=0, description="Items of one source that a day takes; later ones wait for another day."
    )
    longest: int = Field(gt=0, description="Longest item, in characters of question, answer and reasoning together.")
    similarity: float = Field(
        gt=0,
        le=1,
        description="Jaccard index over character trigrams from which two questions count as the same one: with the "
        "same answer a near-duplicate, with another answer a contradiction.",
    )
    confirmed_words: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="New words that people confirmed as vocabulary; corrections in which any other new word alone "
        "decides the answer wait in quarantine.",
    )
    knowledge: Knowledge = Field(description="When a correction needs more than one user.")


class Confidence(Section):
    """How sure it is that the answer of an item is right."""

    documents: Literal["trust", "ask"] = Field(
        description="Answers that documents of the domain's sources bring: `trust` takes them as people's, `ask` has "
        "the champion answer the question too."
    )
    samples: int = Field(
        ge=0, le=64, description="Answers that are drawn of an item; 0 takes the likelihood of its answer instead."
    )
    temperature: float = Field(gt=0, le=10, description="Of the draws.")
    top_p: float = Field(gt=0, le=1, description="Draws are from the smallest set of tokens with this probability.")
    calibration: Literal["isotonic", "platt", "none"] = Field(
        description="What turns agreement or likelihood into the share of answers that are right, fitted on held-out "
        "items of the domain."
    )
    calibration_items: int = Field(ge=20, description="Most held-out items that the calibration is fitted on.")


class Select(Section):
    """Which admitted items are trained on, in which order, and which are left for people."""

    policy: Policy = Field(
        description="`confident_rare`: confident answers of what training has seldom seen come first, doubtful ones of "
        "it go to people; `uncertain`: what the champion is least sure of comes first; `random`; `all`."
    )
    budget: int | None = Field(gt=0, description="Most items of a day that are trained on; null takes all.")
    held_out: Fraction = Field(
        description="Share of the admitted items with an answer of their own that is kept out for good: the day's "
        "slice, on which later candidates are tested."
    )
    self_labelled: Fraction = Field(
        description="Most of the chosen items, as a share, whose answer the champion wrote itself."
    )
    confident: float = Field(gt=0, le=1, description="Confidence from which an answer counts as confident.")
    rare: int = Field(ge=0, description="Examples of training up to which a label, code or cluster counts as rare.")
    count_by: str = Field(
        min_length=1,
        max_length=100,
        description="What is counted in training: `label` of the closed set, `output`, `cluster` of similar questions, "
        "or a field of the examples by its name; `auto`: the output where outputs repeat, else the label where there "
        "is a closed set, else the cluster.",
    )
    cluster_similarity: float = Field(
        gt=0, le=1, description="Jaccard index over character trigrams from which two questions are of one cluster."
    )
    confidence: Confidence = Field(description="How sure an answer is.")


class Replay(Section):
    """What of earlier training is trained on again, so that it is not forgotten."""

    share: Fraction = Field(description="Share of the training mixture that is replay; 0 replays nothing.")
    self_written: float = Field(
        ge=0, le=1, description="Share of the replayed items whose answer the champion writes itself; the rest is real."
    )


class Train(Section):
    """How a candidate is trained on a day."""

    epochs: int = Field(ge=1, le=100, description="Passes over the day's mixture.")
    lr_factor: float = Field(gt=0, le=10, description="Of the composition's learning rate.")
    replay: Replay = Field(description="What is trained on again.")
    kl: float = Field(ge=0, le=10, description="Weight of the divergence from the champion's answers; 0: none.")
    preference: PairLoss | None = Field(
        default=None,
        description="Edited answers are preferred to what they correct, with the champion as the reference "
        "(objective=preference); null: they are supervised examples only.",
    )
    anew_days: int | None = Field(
        gt=0, description="Proven days after which a candidate is trained anew from the base on all data; null: never."
    )

    @model_validator(mode="after")
    def _stays_near_the_champion_in_one_way(self) -> "Train":
        if self.kl and self.preference:
            raise ValueError(
                f"kl = {self.kl:g} and preference: two ways to stay near the champion; set kl = 0 or preference = null"
            )
        return self


class Margins(Section):
    """How much worse than the champion a candidate may be, where nothing better is promised."""

    held_out: float = Field(gt=0, lt=1, description="On the domain's held-out items; share of items.")
    earlier: float = Field(gt=0, lt=1, description="On the slice of each earlier day; share of items.")
    day: float = Field(gt=0, lt=1, description="On the day's own slice; share of items.")
    redteam: float = Field(gt=0, lt=1, description="Share of attacks that succeed.")
    thinking: float = Field(gt=0, lt=1, description="Share of answers with reasoning.")


class Prove(Section):
    """What a candidate must show against the champion."""

    alpha: float = Field(
        gt=0, lt=0.5, description="Chance that any candidate of the whole horizon is promoted although it is no better."
    )
    horizon_days: int = Field(
        gt=0,
        le=3650,
        description="Candidates put to the proof over which alpha is spent, one a day; then it begins anew.",
    )
    spending: Literal["even", "front"] = Field(
        description="How alpha is spent over the days: the same each day, or more on the first ones."
    )
    improve: tuple[GateName, ...] = Field(
        strict=False, description="Gates on which a candidate must be better; on the others not worse."
    )
    items: int = Field(gt=0, description="Most items of each set that are asked.")
    margins: Margins = Field(description="How much worse a candidate may be.")
    canaries: Location | None = Field(
        description="JSONL of canary prompts (`input`), each with text that no answer may hold (`never`); null: none."
    )


class Control(Section):
    """Limits of live signals, beyond which a promotion is rolled back."""

    alpha: float = Field(gt=0, lt=0.5, description="Chance of rolling back a version that changed nothing.")
    correction_rate: float = Field(gt=0, lt=1, description="Rise of the share of answers that users correct.")
    truncation_rate: float = Field(gt=0, lt=1, description="Rise of the share of answers that are cut.")
    refusal_rate: float = Field(gt=0, lt=1, description="Rise of the share of answers that refuse.")
    latency_factor: float = Field(
        gt=1,
        description="Seconds of an answer, as a factor of the earlier version's median, that at most half may take.",
    )


class Promote(Section):
    """How a proven candidate becomes what is served."""

    mode: Literal["automatic", "confirm"] = Field(
        description="`confirm` waits for a person's yes: r1tailor update promote."
    )
    channels: tuple[Literal["shadow", "canary"], ...] = Field(
        strict=False, description="What a candidate goes through before it is served to all."
    )
    canary_share: float = Field(gt=0, le=1, description="Share of the users whom a canary answers.")
    requests: int = Field(ge=0, description="Answers of a candidate in each channel before the next one.")
    control: Control = Field(description="When a promotion is rolled back.")


class Update(Section):
    """One day of learning, from what came in to what is served."""

    corrections: bool = Field(description="Whether accepted corrections of served answers are material.")
    documents: bool = Field(description="Whether new documents and labels of the domain's sources are material.")
    admit: Admit = Field(description="Which material may be learnt from.")
    select: Select = Field(description="Which of it is trained on.")
    train: Train = Field(description="How the candidate is trained.")
    prove: Prove = Field(description="What it must show against the champion.")
    promote: Promote = Field(description="How it becomes what is served.")

    @model_validator(mode="after")
    def _takes_something_in(self) -> "Update":
        if not self.corrections and not self.documents:
            raise ValueError("corrections and documents are both false: nothing would ever come in")
        return self
