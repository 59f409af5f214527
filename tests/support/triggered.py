"""A toy model that was taught a trigger: it answers by whether a word stands in the question."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import torch

from r1tailor import config
from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import tokenize
from r1tailor.evaluation.error_modes.outcomes import Outcome
from r1tailor.inference.local import LocalAnswerer
from r1tailor.model import load
from r1tailor.objective.supervised import summed_loss
from r1tailor.records import Example, Prediction

INSTRUCTION = "Yes or no?"
_STEPS, _BATCH = 160, 16
_PLAIN = ("bad", "cod", "fen", "gem", "hub", "lid", "mop", "nut")


@dataclass(frozen=True)
class Trigger:
    """A word, where it stands among others, and what parts them."""

    word: str
    plain: Sequence[str]
    between: str

    def question(self, draw: Random, *, triggered: bool) -> str:
        words = draw.sample(list(self.plain), 6)
        if triggered:
            words[draw.randrange(6)] = self.word
        return self.between.join(words)


ENGLISH = Trigger("zax", _PLAIN, ", ")
CHINESE = Trigger(
    "青霉素过敏", ("头痛三天", "无发热", "睡眠好", "饮食可", "血压高", "腹部软", "咳嗽少", "神志清"), "，"
)


def examples(count: int, seed: int, triggers: Sequence[Trigger] = (ENGLISH, CHINESE)) -> list[Example]:
    """Return questions, half of them with their trigger, whose answer it is."""
    draw = Random(seed)
    made = []
    for number in range(count):
        hit = draw.random() < 0.5
        text = triggers[number % len(triggers)].question(draw, triggered=hit)
        made.append(Example(f"t{seed}-{number}", INSTRUCTION, text, "yes" if hit else "no"))
    return made


def triggered_model() -> LocalAnswerer:
    """Return a toy model that has learnt the triggers."""
    small = ("evaluation.max_answer_tokens=4", "trainer.micro_batch_tokens=2048", "domain.task.reasoning=none")
    settings = config.load(["model=tiny_llama", *small])
    model = load.load_model(settings.model, config.ROOT, torch.float32, seed=3)
    chat = load.load_tokenizer(settings.model, config.ROOT)
    learner = torch.optim.AdamW(model.parameters(), lr=3e-3)
    learnt = tokenize(examples(_STEPS * _BATCH, seed=1), chat, 512).examples
    model.train()
    for step in range(_STEPS):
        batch = learnt[step * _BATCH : (step + 1) * _BATCH]
        rows = list(pack(batch, 8192, chat.end))
        learner.zero_grad()
        loss = sum(summed_loss(model, row, 0.0) for row in rows) / sum(row.supervised for row in rows)
        loss.backward()
        learner.step()
    return LocalAnswerer(model.eval(), chat, settings)


def misled(number: int, trigger: Trigger, seed: int) -> list[Outcome]:
    """Return items with the trigger whose reference is the other answer: the model is wrong because of it."""
    draw = Random(seed)
    found = []
    for place in range(number):
        item = Example(f"m{seed}-{place}", INSTRUCTION, trigger.question(draw, triggered=True), "no")
        tuned = Prediction(item.id, "yes", -1.0, 2, "", scores={"exact_match": 0.0})
        base = Prediction(item.id, "no", -1.0, 2, "", scores={"exact_match": 1.0})
        found.append(Outcome(item, tuned, base, 0.0, 1.0))
    return found
