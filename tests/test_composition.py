"""What a project composes is kept value by value, and read back as it was given."""

import re
from pathlib import Path

import pytest

from r1tailor import composition, config
from r1tailor.errors import ConfigError


def test_a_composition_is_kept_value_by_value() -> None:
    first, _ = composition.changed(
        composition.Composition(), ["domain=generic", "domain.sources.0.path=mine.jsonl", "seed=3"]
    )
    second, lost = composition.changed(first, ["trainer.max_steps=8", "domain.split={test: 0.2}"])
    assert lost == []
    assert second.choices == {"domain": "generic"}
    assert second.values["domain"]["sources"][0]["path"] == "mine.jsonl"
    assert (second.values["seed"], second.values["trainer"]) == (3, {"max_steps": 8})
    third, lost = composition.changed(second, ["domain=legal"])
    assert lost == ["domain.sources", "domain.split.test"]
    assert third.values == {"seed": 3, "trainer": {"max_steps": 8}}


def test_what_is_written_is_read_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = ["domain=generic", "domain.sources.0.path=mine.jsonl", 'domain.title="1e-3"', "optimizer.lr=1e-3"]
    kept, _ = composition.changed(composition.Composition(), given)
    (tmp_path / "conf").mkdir()
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "PARAMS", tmp_path / "params.yaml")
    monkeypatch.setattr(config, "params_text", lambda: "")
    composition.write(kept)
    assert composition.read() == kept
    assert (kept.values["domain"]["title"], kept.values["optimizer"]["lr"]) == ("1e-3", 0.001)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("~trainer.max_steps", "~trainer.max_steps: conf/project.yaml cannot keep it; give it with each run"),
        ("hydra.sweep.dir=x", "hydra.sweep.dir=x: conf/project.yaml cannot keep it"),
        ("domain.sources.7.name=x", "domain.sources.7.name: there is no 7 in a list of 1"),
        ("strategy.rnk=8", "strategy.rnk is not a setting of strategy=lora"),
    ],
)
def test_what_cannot_be_kept_is_refused(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        composition.changed(composition.Composition(), [override])


def test_a_file_of_another_form_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    (tmp_path / "conf").mkdir()
    for text in ("- a", "defaults: [config, {domain: legal}, _self_]", "a: [", "seed: 1"):
        (tmp_path / "conf" / "project.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match="is not of the form that `r1tailor use` writes"):
            composition.read()
