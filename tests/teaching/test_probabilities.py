"""A teacher's distributions over the training examples: once, and again only for another question."""

from pathlib import Path

import pytest
import torch

from r1tailor import config, stages, store
from r1tailor.batching.packing import pack
from r1tailor.batching.taught import FILE, Teachings, facts_of
from r1tailor.batching.tokens import tokenize
from r1tailor.errors import UserError
from r1tailor.inference.local import LocalAnswerer
from r1tailor.layout import RunFolder
from r1tailor.objective.distillation import distributions
from r1tailor.schema.settings import Settings
from r1tailor.teaching import probabilities
from r1tailor.teaching.teacher import Teacher, find_teacher
from tests.support.taught import instructed, scripted

TOKENS = ("objective=distillation", "objective.teacher=base", "objective.tokens.top_k=8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, RunFolder]:
    return instructed(tmp_path_factory.mktemp("toy"), *TOKENS)


def test_the_file_holds_what_the_teacher_expects_of_each_training_example(made: tuple[Settings, RunFolder]) -> None:
    settings, run = made
    stages.teach(settings, run)
    teacher = find_teacher(settings, config.ROOT)
    opened = teacher.opened(config.ROOT)
    assert isinstance(opened, LocalAnswerer)
    tokens = tokenize(run.parts()["train"], opened.tokenizer, 512).examples
    held = Teachings(run.taught / FILE)
    for example in tokens[::9]:
        (micro,) = pack([example], 4096, 0)
        with torch.no_grad():
            alone = distributions(opened.model, micro, settings.objective.tokens)  # type: ignore[union-attr, arg-type]
        found = held.of([example])
        torch.testing.assert_close(found.rest, alone.rest, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(found.log_probabilities, alone.log_probabilities, rtol=1e-2, atol=1e-2)
    facts = facts_of(run.taught / FILE)
    assert (facts["teacher"], facts["tokenizer"], facts["top_k"]) == (teacher.sha256, opened.tokenizer.sha256, "8")
    report = store.read_json(run.taught / "report.json")
    assert (report["teacher"], report["sha256"]) == ("base", teacher.sha256)
    assert report["tokens"]["tokens"] == sum(len(example.response) for example in tokens)


def test_the_same_question_is_not_asked_again_and_another_one_is(
    made: tuple[Settings, RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = made
    stages.teach(settings, run)
    before = store.sha256_tree(run.taught)
    original, asked = probabilities._local, []

    def counted(*arguments: object) -> LocalAnswerer:
        asked.append(arguments)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(probabilities, "_local", counted)
    stages.teach(settings, run)
    assert (asked, store.sha256_tree(run.taught)) == ([], before)
    content = bytearray((run.taught / FILE).read_bytes())
    content[len(content) // 3] ^= 1
    (run.taught / FILE).write_bytes(content)
    stages.teach(settings, run)
    assert (len(asked), store.sha256_tree(run.taught)) == (1, before), "a damaged file is written again"
    tokens = settings.objective.tokens.model_copy(update={"temperature": 2.0})  # type: ignore[union-attr]
    other = settings.model_copy(update={"objective": settings.objective.model_copy(update={"tokens": tokens})})
    stages.teach(other, run)
    assert len(asked) == 2
    assert store.sha256_tree(run.taught)[FILE] != before[FILE]


def test_a_teacher_whose_weights_are_elsewhere_gives_no_distributions(
    made: tuple[Settings, RunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = made
    (run.taught / FILE).unlink(missing_ok=True)
    scripted(monkeypatch, lambda *_: "")
    with pytest.raises(UserError, match=r"its weights are not here.*objective=distillation_sequences"):
        stages.teach(settings, run)
    assert isinstance(find_teacher(settings, config.ROOT), Teacher)
