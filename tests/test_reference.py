"""What is said of a setting follows from the schema, for every setting there is."""

from typing import Any

import pytest
import yaml

from r1tailor import config, reference
from r1tailor.errors import UserError
from r1tailor.schema.corpus import Duplicates
from r1tailor.schema.training import LoraStrategy

COMPOSED = yaml.safe_load(config.as_yaml(config.load([])))


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("resume", "true or false"),
        ("output", "path; or null"),
        ("trainer.accelerator", "one of: cpu, gpu, auto"),
        ("trainer.max_steps", "whole number, greater than 0; or null"),
        ("strategy.r", "whole number, greater than 0, at most 4096"),
        ("strategy.dropout", "number, at least 0, less than 1"),
        ("strategy.target_modules", "text; or list (at least 1) of texts"),
        ("strategy", "section, kind one of: lora, qlora, full"),
        ("domain.cleaning.terms.vocabularies", "list (at least 1) of sections, kind one of: umls, icd10cm, synonyms"),
        ("domain.sources.tasks.levels", "list (at least 1) of whole number, at least 0"),
        ("domain.sources.0.since", "date (YYYY-MM-DD)"),
        ("domain.split.leaks.fields", "list of one of: input, output, reasoning"),
        ("optimizer.arguments", "mapping of text to anything"),
    ],
)  # fmt: skip
def test_what_a_setting_may_be_is_said_in_words(key: str, allowed: str) -> None:
    assert reference.find(key, COMPOSED).allowed == allowed


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("trainer.micro_batch_tokens", 2048),
        ("domain.sources.0.name", "icd10cm"),
        ("domain.sources.name", reference.MISSING),
        ("domain.sources.7.name", reference.MISSING),
        ("curriculum.phases.1-all.pool", 1),
        ("curriculum.phases.2-middle.replay", reference.MISSING),
        ("curriculum.phases.replay", reference.MISSING),
        ("domain.cleaning.privacy.kinds.name", reference.MISSING),
    ],
)
def test_a_key_is_followed_through_lists_mappings_and_kinds(key: str, value: object) -> None:
    found = reference.find(key, COMPOSED)
    assert (found.key, found.value) == (key, value)


def test_a_setting_of_other_kinds_names_them() -> None:
    assert reference.find("model.parameters", COMPOSED).kinds == ("hub",)
    assert reference.find("strategy.recommended", COMPOSED).kinds == ()
    assert set(reference.find("domain.sources.0.path", COMPOSED).kinds) > {"jsonl", "table"}


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("trainer.micro_batch_token", " Did you mean trainer.micro_batch_tokens?"),
        ("micro_batch_tokens", " Did you mean trainer.micro_batch_tokens?"),
        ("trainer.lr", " Did you mean "),
        ("curriculum.phases.middle.replay", " Did you mean curriculum.replay or curriculum.phases.<name>.replay or "),
        ("trainer.devices.0", " Did you mean trainer.devices?"),
        ("zzz", " Sections: seed, resume, output, corpus, domain"),
        ("", " Sections: seed"),
    ],
)
def test_an_unknown_key_is_told_what_may_be_meant(key: str, hint: str) -> None:
    with pytest.raises(UserError) as refused:
        reference.find(key, COMPOSED)
    assert str(refused.value).startswith(f"{key} is not a setting.{hint}")


def test_every_key_of_a_composition_is_found_with_its_value() -> None:
    def check(
        value: Any,  # noqa: ANN401
        path: tuple[str, ...],
    ) -> int:
        entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        if path and path[-1] != "kind" and path[1:2] != ("arguments",):
            assert reference.find(".".join(path), COMPOSED).value == value
        return 1 + sum(check(inner, (*path, str(part))) for part, inner in entries)

    assert check(COMPOSED, ()) > 150


def test_a_section_is_summed_up_by_its_docstring() -> None:
    assert reference.summary(LoraStrategy).startswith("Low-rank adapters over whole weights")
    assert [setting.key for setting in reference.settings_of(Duplicates, "x")] == ["x.similarity"]
