"""A teacher's texts in the place of the training examples: continued after an interruption, reported, never silent."""

import json
from pathlib import Path

import pytest

from r1tailor import config, stages, store
from r1tailor.errors import ConfigError, DataError
from r1tailor.inference import Answer
from r1tailor.layout import ANSWERS, RunFolder
from r1tailor.model import load
from r1tailor.records import Example
from r1tailor.schema.settings import Settings
from tests.support.taught import SEQUENCES, instructed, scripted, thought
from tests.support.toy_run import LABELS

Made = tuple[Settings, RunFolder]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return instructed(tmp_path, *SEQUENCES, "objective.sequences.samples=3")


def half_right(example: Example, seed: int) -> str:
    """Thirds: one example is always right, one sometimes, one never."""
    number = int(example.input.split()[1])
    right = number % 3 == 0 or (number % 3 == 1 and seed % 2)
    return thought(example.output if right else "violet", f"reasons {seed}")


def test_verified_texts_are_trained_on_and_all_others_are_counted(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, run = made
    teacher = scripted(monkeypatch, half_right)
    stages.teach(settings, run)
    report = store.read_json(run.taught / "report.json")["sequences"]
    before, after = run.parts()["train"], run.trained_on()["train"]
    outputs = {example.id: example.output for example in before}
    assert all(example.reasoning.startswith("reasons ") for example in after)
    assert all(outputs[example.id] == example.output for example in after)
    assert report["texts"] == 3 * len(before) == report["kept_texts"] + sum(report["dropped_texts"].values())
    assert report["dropped_texts"].keys() == {"wrong", "above_keep"}
    assert report["without_text"] == len(before) - len(after) > 0
    assert (report["verified_by"], report["with_reasoning"]) == ("exact_match", len(after))
    verified = report["kept_texts"] + report["dropped_texts"]["above_keep"]
    assert report["rate"] == pytest.approx(verified / report["texts"])
    assert f"{report['without_text']} without a verified text dropped" in capsys.readouterr().out
    held_out = {e.id for part in ("validation", "test") for e in run.parts()[part]}
    asked = {name for call in teacher.asked for name in call}
    assert asked == set(outputs), "the training part and nothing else is asked about"
    assert not asked & held_out


def test_a_text_whose_answer_was_cut_is_dropped_and_counted(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut can look right: the reference stands in it, and what would have followed is not known."""
    settings, run = made

    def cut(example: Example, seed: int) -> Answer:
        return Answer(thought(example.output), truncated="" if int(example.input.split()[1]) % 2 else "answer")

    scripted(monkeypatch, cut)
    stages.teach(settings, run)
    report = store.read_json(run.taught / "report.json")["sequences"]
    odd = {one.id for one in run.parts()["train"] if int(one.input.split()[1]) % 2}
    assert {one.id for one in run.trained_on()["train"]} == odd
    assert report["dropped_texts"]["cut"] == 3 * (len(run.parts()["train"]) - len(odd)) > 0


def test_a_teacher_behind_a_url_is_asked_about_every_training_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = instructed(
        tmp_path,
        "objective=distillation_endpoint",
        "objective.endpoint.url=http://127.0.0.1:9/v1",
        "objective.endpoint.model=r1",
        "objective.sequences.samples=2",
    )
    scripted(monkeypatch, lambda example, seed: f"<think>{seed}</think>{example.output}")
    stages.teach(settings, run)
    report = store.read_json(run.taught / "report.json")
    assert report["teacher"] == "r1 at http://127.0.0.1:9/v1"
    assert report["sequences"]["too_long_for_the_teacher"] == 0
    assert len(run.trained_on()["train"]) == len(run.parts()["train"])


def test_examples_without_a_verified_text_can_stay_as_they_are(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, run = made
    sequences = settings.objective.sequences.model_copy(update={"unverified": "keep"})  # type: ignore[union-attr]
    keeping = settings.model_copy(update={"objective": settings.objective.model_copy(update={"sequences": sequences})})
    scripted(monkeypatch, half_right)
    stages.teach(keeping, run)
    before, after = run.parts()["train"], run.trained_on()["train"]
    assert [example.id for example in after] == [example.id for example in before]
    assert {bool(example.reasoning) for example in after} == {True, False}


def test_an_interrupted_run_is_continued_to_the_same_bytes(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = made
    scripted(monkeypatch, half_right)
    stages.teach(settings, run)
    undisturbed = store.sha256_tree(run.taught)
    (run.taught / ANSWERS).unlink()
    scripted(monkeypatch, half_right, after=4)  # within the second part
    with pytest.raises(KeyboardInterrupt):
        stages.teach(settings, run)
    assert not (run.taught / store.MANIFEST).exists()
    with pytest.raises(DataError, match="does not exist"):
        stages.train(settings, run)
    with (run.taught / ANSWERS).open("ab") as file:
        file.write(b'{"teacher": "torn')
    continued = scripted(monkeypatch, half_right)
    stages.teach(settings, run)
    assert store.sha256_tree(run.taught) == undisturbed
    assert len(continued.asked) == 3, "the second part alone"
    idle = scripted(monkeypatch, half_right)
    stages.teach(settings, run)
    assert idle.asked == []


def test_a_teacher_of_whom_nothing_is_verified_is_refused(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, run = made
    scripted(monkeypatch, lambda *_: "cut off")
    with pytest.raises(DataError, match=r"none was verified by exact_match \(\d+ unfinished\)"):
        stages.teach(settings, run)


def test_a_metric_that_the_domain_has_not_is_refused_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = instructed(tmp_path, *SEQUENCES, "objective.sequences.verify=bleu")
    teacher = scripted(monkeypatch, half_right)
    with pytest.raises(ConfigError, match=r"objective\.sequences\.verify = 'bleu': must be one of exact_match"):
        stages.teach(settings, run)
    assert teacher.asked == []


def test_a_prompt_that_leaves_no_room_for_a_text_is_counted(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, run = made
    tokenizer = load.load_tokenizer(settings.model, config.ROOT)
    lengths = sorted(len(tokenizer.prompt(example).prompt) for example in run.parts()["train"])
    model = settings.model.model_copy(update={"context_length": lengths[0] + 64})
    scripted(monkeypatch, lambda example, _: thought(example.output))
    stages.teach(settings.model_copy(update={"model": model}), run)
    report = store.read_json(run.taught / "report.json")["sequences"]
    assert report["too_long_for_the_teacher"] == sum(length > lengths[0] for length in lengths) > 0
    assert report["without_text"] == report["too_long_for_the_teacher"]


def test_distil_has_a_teacher_write_the_reasoning_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Examples that hold reasoning keep it; of the others a text without reasoning is none to train on."""
    rows = [
        {
            "input": f"thing {i} of kind {i * 7919}",
            "output": LABELS[i % 3],
            **({"reasoning": "own"} if i % 4 == 0 else {}),
        }
        for i in range(60)
    ]
    (tmp_path / "colours.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    samples = "objective.sequences.samples=2"
    settings, run = instructed(tmp_path, *SEQUENCES, samples, "domain.task.reasoning=distil")
    before = {example.id: example for example in run.parts()["train"]}

    def written(example: Example, _: int) -> str:
        thinks = int(example.input.split()[1]) % 4 != 1
        return thought(example.output, "taught" if thinks else "")

    teacher = scripted(monkeypatch, written)
    stages.teach(settings, run)
    report, after = store.read_json(run.taught / "report.json")["sequences"], run.trained_on()["train"]
    own = {id_ for id_, example in before.items() if example.reasoning}
    assert own.isdisjoint(name for call in teacher.asked for name in call)
    assert {example.reasoning for example in after} == {"own", "taught"}
    assert [example for example in after if example.id in own] == [before[id_] for id_ in before if id_ in own]
    assert report["dropped_texts"]["without_reasoning"] > 0
    assert report["kept_their_reasoning"] == len(own)
    assert report["without_text"] == len(before) - len(after)
