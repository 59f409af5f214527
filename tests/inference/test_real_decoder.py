"""The embedded model in fp32: what is written together is what plain ``generate`` writes one by one."""

import pytest
import torch

from r1tailor import config
from r1tailor.inference.wanted import Budget
from r1tailor.model import load
from r1tailor.records import Example, Turn
from tests.support.written import one_by_one, together

pytestmark = pytest.mark.slow

TASK = "Give the ICD-10-CM chapter, category code and description for this diagnostic term."
TERMS = ("Acute appendicitis", "Fracture of left femur", "Asthma", "Burn of right hand", "Measles", "Type 2 diabetes")
HISTORY = (Turn("user", "What is 7 times 8?"), Turn("assistant", "It is 56."), Turn("user", "And 9 times 8?"))


def test_terms_turns_and_long_answers_equal_generation_one_by_one() -> None:
    settings = config.load(["model=smollm2"]).model
    model = load.load_model(settings, config.ROOT, torch.float32, 1)
    chat = load.load_tokenizer(settings, config.ROOT)
    terms = [Example(term, TASK, term, "") for term in TERMS]
    turns = [
        Example(f"turn {n}", "Answer briefly.", "Why?", "", turns=(*HISTORY[: 2 * n],) if n else ()) for n in range(2)
    ]
    asked = [chat.prompt(example).prompt for example in (*terms, *turns)]
    longest = [16] * 6 + [80, 80]
    found = together(model, asked, longest, chat.end, Budget(2**28, 512, 8))
    assert found == one_by_one(model, asked, longest, chat.end)
