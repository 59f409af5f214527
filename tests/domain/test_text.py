"""Continued pre-training: the clean documents of any domain are its examples; what does not go together is refused."""

import json
import math
from pathlib import Path

import pytest

from r1tailor import config, stages, store
from r1tailor.domain import is_text, open_domain
from r1tailor.domain.text import Texts
from r1tailor.errors import ConfigError
from r1tailor.evaluation.compare_models import held_out
from r1tailor.inference.local import open_base
from r1tailor.instruction.build import build
from r1tailor.layout import RunFolder
from r1tailor.record_files import read_examples, read_predictions
from r1tailor.records import Document, Example
from r1tailor.schema.settings import Settings
from tests.conftest import FASTER

WORDS = ("ward", "night", "nurse", "dose", "aspirin", "pulse", "fever", "rest", "walk", "food", "sleep", "note", "bell")
KINDS = ("generic", "medical", "medical_zh", "legal", "legal_zh", "education", "education_zh", "finance")
FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2026-01-01"}


def _composed(*overrides: str, domain: str = "generic") -> Settings:
    return config.load([f"domain={domain}", "domain.task.kind=text", "domain.goals=[]", *overrides])


@pytest.mark.parametrize("kind", KINDS)
def test_in_every_domain_the_documents_are_the_examples(kind: str) -> None:
    place = {"generic": ["domain.sources.0.path=x"]}.get(kind, [])
    domain = open_domain(
        _composed(*place, domain=kind).domain,
        [
            Document("a", "A text.\n\nOf two paragraphs.", **FACTS, fields={"group": "p7"}),
            Document("b", " \n", **FACTS),
        ],
    )
    assert isinstance(domain, Texts)
    (example,) = domain.examples()
    assert (example.instruction, example.input, example.output) == ("", "", "A text.\n\nOf two paragraphs.")
    assert (example.group, is_text(example), domain.metrics, domain.labels()) == ("p7", True, (), ())
    assert not is_text(Example("c", "Say it.", "", "A text.", fields={"kind": "text"}))


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        (
            "domain.goals=[{metric: bleu, at_least: 1, why: x}]",
            "domain.goals.0.metric = 'bleu': not measured with these",
        ),
        (
            "objective=distillation objective.teacher=base",
            "objective.kind = distillation: domain.task.kind = text has no answers; it takes",
        ),
        ("domain.task.kind=texts", "domain.task.kind = 'texts': must be one of answer, text"),
    ],
)
def test_what_does_not_go_with_texts_is_refused(override: str, fault: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        _composed("domain.sources.0.path=x", *(override.split(" ") if override.startswith("objective") else [override]))
    assert fault in str(refusal.value)


@pytest.mark.parametrize("fields", ["[]", "[input]", "[output]"])
def test_a_text_that_repeats_a_held_out_one_is_a_leak_whatever_a_task_would_compare(fields: str) -> None:
    long = [" ".join(f"{word}{number}" for word in WORDS) for number in range(40)]
    documents = [Document(f"d{n}", text, **FACTS, fields={"group": f"g{n}"}) for n, text in enumerate(long)]
    copies = [Document(f"c{n}", f"{text}.", **FACTS, fields={"group": f"c{n}"}) for n, text in enumerate(long)]
    chosen = ("domain.split.by=group", f"domain.split.leaks.fields={fields}", "domain.split.similarity=1.0")
    settings = _composed("domain.sources.0.path=x", *chosen, "domain.split.test=0.3", "domain.split.validation=0.2")
    parts = build(open_domain(settings.domain, [*documents, *copies]), 1).parts
    held_out = {example.output.rstrip(".") for part in ("validation", "test") for example in parts[part]}
    assert parts["train"]
    assert not held_out & {example.output.rstrip(".") for example in parts["train"]}


def _text(number: int) -> str:
    paragraphs = (
        " ".join(WORDS[(number * 7 + line * 3 + word * (number + 1)) % len(WORDS)] for word in range(14)).capitalize()
        for line in range(1 + number % 6)
    )
    return "\n\n".join(f"{paragraph}, {number * 7919}." for paragraph in paragraphs)


def test_a_domain_of_texts_trains_and_is_measured_by_perplexity(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.txt").write_text(_text(number), encoding="utf-8")
    source = {
        **{"kind": "text", "name": "guides", "path": str(folder), "unit": "file", "licence": "own"},
        **{"available_at": "2026-01-01", "on_damage": "stop"},
    }
    settings = _composed(
        *("domain.name=guides", f"domain.sources=[{_flow(source)}]", "domain.split.similarity=1.0"),
        *("domain.split.validation=0.2", "domain.split.test=0.2", "domain.split.leaks.containment=1.0"),
        *("model=tiny_llama", "trainer.max_steps=2", "trainer.max_length=64", *FASTER),
    )
    run = RunFolder(tmp_path / "run")
    store.write_text(run.path / "config.yaml", config.as_yaml(settings))
    for stage in ("collect", "clean", "annotate", "instruct", "teach", "train", "evaluate"):
        stages.STAGES[stage](settings, run)
    assert "windows; nothing is left out" in capsys.readouterr().out
    trained = store.read_json(run.phase(settings.curriculum.final) / "metrics.json")
    train, every = (read_examples(run.examples / f"{part}.jsonl") for part in ("train", "test"))
    test = held_out(settings, every)
    assert trained["windows"] > len(train) > 0
    assert trained["examples_left_out_too_long"] == 0
    metrics = store.read_json(run.evaluation / "metrics.json")
    assert metrics["models"]["tuned"].keys() == {"perplexity"}
    predictions = read_predictions(run.evaluation / "predictions-base.jsonl")
    likelihoods = open_base(settings, config.ROOT, trained["precision"]).score(test)
    assert [made.id for made in predictions] == [example.id for example in test]
    assert [(made.log_likelihood, made.tokens) for made in predictions] == [
        (pytest.approx(one.log_likelihood, rel=1e-4), one.tokens) for one in likelihoods
    ]
    nats, tokens = sum(one.log_likelihood for one in likelihoods), sum(one.tokens for one in likelihoods)
    assert metrics["models"]["base"]["perplexity"]["value"] == pytest.approx(math.exp(-nats / tokens), rel=1e-3)


def _flow(value: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {json.dumps(each)}" for key, each in value.items()) + "}"


def test_long_documents_are_cut_into_pieces_that_joined_are_the_document() -> None:
    text = "First part.\n\nSecond part, which is longer.\n\nThird."
    settings = _composed("domain.sources.0.path=x", "domain.task.passage_characters=30")
    examples = list(open_domain(settings.domain, [Document("a", text, **FACTS)]).examples())
    assert [example.id for example in examples] == ["a#0", "a#1", "a#2"]
    assert "".join(example.output for example in examples) == text
    assert {example.available_at for example in examples} == {"2026-01-01"}
