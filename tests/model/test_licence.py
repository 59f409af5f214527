"""Terms are accepted before anything is fetched, and go with every model made from the weights."""

from pathlib import Path

import pytest

from r1tailor import config, stages
from r1tailor.errors import ModelUnavailableError
from r1tailor.layout import RunFolder
from r1tailor.model import load
from r1tailor.model.licence import NOTICE, copy_notice, refuse_unaccepted, write_notice
from r1tailor.records import Example
from tests.conftest import ROOT
from tests.support.training import trained

GEMMA = "model=gemma3_270m"
TERMS = "https://ai.google.dev/gemma/terms"
SAID = (
    f"model gemma3_270m is under the Gemma Terms of Use. Read them ({TERMS}); if you accept them, "
    "set model.accept_licence=true; another model: model=smollm2"
)
SENTENCE = "gemma3_270m is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms\n"


def test_a_model_with_terms_is_refused_until_they_are_accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(load, "_packaged", lambda *_, **__: pytest.fail("it was fetched"))
    settings = config.load([GEMMA])
    for use in (load.load_tokenizer, load.load_config):
        with pytest.raises(ModelUnavailableError) as refused:
            use(settings.model, ROOT)
        assert str(refused.value) == SAID
    with pytest.raises(ModelUnavailableError, match=r"set model\.accept_licence=true"):
        stages.collect(settings, RunFolder(tmp_path))
    refuse_unaccepted(config.load([GEMMA, "model.accept_licence=true"]).model)
    refuse_unaccepted(config.load([]).model)  # a licence without terms to accept


def test_a_trained_model_and_its_forms_carry_the_notice(tmp_path: Path) -> None:
    settings = config.load(["model=tiny_llama", "trainer.max_steps=1"])
    terms = {"name": "gemma3_270m", "licence": "Gemma Terms of Use", "terms": TERMS, "accept_licence": True}
    made = settings.model_copy(update={"model": settings.model.model_copy(update=terms)})
    parts = {"train": [Example("a", "Which one?", "x", "y")], "validation": []}
    trained(made, parts, tmp_path / "with")
    assert (tmp_path / "with" / "model" / NOTICE).read_text() == SENTENCE
    copy_notice(tmp_path / "with" / "model", tmp_path)
    assert (tmp_path / NOTICE).read_text() == SENTENCE


def test_without_terms_there_is_no_notice(tmp_path: Path) -> None:
    write_notice(config.load([]).model, tmp_path)
    copy_notice(tmp_path, tmp_path / "form")
    assert list(tmp_path.iterdir()) == []
