"""A packed row with a teacher's distributions: the loss and gradients of one example at a time, over dense logits."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from r1tailor import config
from r1tailor.batching.packing import MicroBatch, pack
from r1tailor.batching.taught import Taught, Teachings, write_taught
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.model import load
from r1tailor.objective import open_objective
from r1tailor.objective.distillation import distilled_loss, distributions
from r1tailor.schema.objective import TeachersTokens
from r1tailor.schema.settings import Settings
from r1tailor.strategy import open_strategy
from r1tailor.training.data import Steps
from tests.batching.test_packing import assert_equal, gradients, prepared
from tests.training.test_module import varied

WANTED = TeachersTokens(weight=0.6, temperature=1.5, top_k=12)
SMOOTHING = 0.1
OBJECTIVE = ("objective=distillation", "objective.teacher=base", "objective.tokens.weight=0.6")
OPTIONS = ("model=tiny_llama", "trainer.precision=fp32", *OBJECTIVE, "objective.tokens.temperature=1.5")


def composed(*overrides: str) -> Settings:
    return config.load([*OPTIONS, "objective.tokens.top_k=12", *overrides])


def student(settings: Settings) -> nn.Module:
    torch.manual_seed(5)
    return open_strategy(settings.strategy).apply(load.load_model(settings.model, config.ROOT, torch.float32, 3)).eval()


def teacher() -> nn.Module:
    model = load.load_model(config.load(["model=tiny_llama"]).model, config.ROOT, torch.float32, seed=8)
    for parameter in model.parameters():
        parameter.data *= 5.0 if parameter.ndim > 1 else 1.0  # far from uniform
    return model.eval()


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Teachings:
    """What a teacher expects of 19 examples, from its file."""
    path, examples, model = tmp_path_factory.mktemp("taught") / "p.parquet", varied(19), teacher()
    with torch.no_grad():
        rows = [(example, distributions(model, row([example]), WANTED)) for example in examples]
    write_taught(path, {"teacher": "some"}, WANTED.top_k, rows, group=4)
    return Teachings(path)


def row(examples: list[TokenizedExample]) -> MicroBatch:
    (micro,) = pack(examples, 100_000, 0)
    return micro


def dense_loss(model: nn.Module, example: TokenizedExample, lesson: Taught) -> Tensor:
    """Return the loss of one example alone, from the whole model's logits and plain sums over the outcomes."""
    logits = model(input_ids=torch.tensor([example.read]), use_cache=False).logits[0, len(example.prompt) - 1 :]
    hard = F.cross_entropy(logits, torch.tensor(example.response), label_smoothing=SMOOTHING, reduction="sum")
    student = (logits / WANTED.temperature).softmax(1)
    others = student.scatter(1, lesson.ids, 0.0).sum(1, keepdim=True)
    outcomes = torch.cat([student.gather(1, lesson.ids), others], dim=1)
    teacher = torch.cat([lesson.log_probabilities, lesson.rest[:, None]], dim=1).softmax(1)
    divergence = F.kl_div(outcomes.log(), teacher, reduction="sum")
    return (1 - WANTED.weight) * hard + WANTED.weight * WANTED.temperature**2 * divergence


@pytest.mark.parametrize("strategy", [("lora",), ("full",), ("lora", "strategy.target_modules=[q_proj,lm_head]")])
def test_gradients_of_packed_rows_are_those_of_one_example_at_a_time(
    strategy: tuple[str, ...], taught: Teachings
) -> None:
    """The reference sees the teacher as the file holds it, rounded to fp16."""
    options = (*strategy[1:], *(["strategy.dropout=0.0"] * (strategy[0] == "lora")))
    settings = composed(f"strategy={strategy[0]}", "trainer.micro_batch_tokens=230", "trainer.batch_size=19", *options)
    examples, (ours, plain) = varied(19), prepared(student(settings))
    rows, loss_of, total, reference = (
        next(iter(Steps(examples, settings, 0, taught=taught))),
        open_objective(settings),
        0.0,
        0.0,
    )
    assert len(rows) > 1
    for micro in rows:
        loss = loss_of(ours, micro)
        loss.backward()
        total += loss.item()
    for example in examples:
        loss = dense_loss(plain, example, taught.of([example]))
        loss.backward()
        reference += loss.item()
    assert_equal((total, gradients(ours)), (reference, gradients(plain)))


def test_distributions_are_the_likeliest_tokens_and_the_mass_of_the_others() -> None:
    model, examples = teacher(), varied(3)
    micro = row(examples)
    with torch.no_grad():
        found = distributions(model, micro, WANTED)
        alone = distributions(model, row(examples[:1]), WANTED)
    assert found.ids.shape == (micro.supervised, 12)
    torch.testing.assert_close(found.log_probabilities.exp().sum(1) + found.rest.exp(), torch.ones(micro.supervised))
    place = [owner for owner in range(len(micro.members)) if micro.members[owner] == 0]
    torch.testing.assert_close(found.rest[micro.owners == place[0]], alone.rest, rtol=1e-4, atol=1e-4)
    few = distributions(model, micro, TeachersTokens(weight=1.0, temperature=1.0, top_k=1024))
    assert few.ids.shape[1] == model.config.vocab_size - 1, "one token is left over"  # type: ignore[union-attr]


def test_a_micro_batch_without_a_teacher_is_a_fault_of_the_program() -> None:
    settings = composed()
    with pytest.raises(ValueError, match="without a teacher's distributions"):
        distilled_loss(student(settings), row(varied(2)), WANTED, 0.0)


def test_a_composition_without_tokens_is_trained_by_the_supervised_loss() -> None:
    settings = config.load(["model=tiny_llama", "objective=distillation_sequences", "objective.teacher=base"])
    plain = config.load(["model=tiny_llama"])
    model, micro = student(settings), row(varied(2))
    assert torch.equal(open_objective(settings)(model, micro), open_objective(plain)(model, micro))


def test_what_was_taught_travels_with_the_row(taught: Teachings, tmp_path: Path) -> None:
    examples = varied(19)
    micro = row(examples)
    lesson = taught.of([examples[index] for index in micro.members])
    assert isinstance(lesson, Taught)
    assert len(lesson.rest) == micro.supervised
