"""Versions: registered by content, promoted by their goals, brought back byte for byte or not at all."""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config, stages, store
from r1tailor.commands import registry
from r1tailor.errors import RegistryError
from r1tailor.registry import Registry, Version

METRICS: dict[str, Any] = {"models": {"tuned": {"bleu": {"value": 31.5, "low": 30.25, "high": 33.0}}}}


class Shop:
    """A registry and something to register in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry = Registry(folder / "registry")

    def register(self, content: str, *, metrics: Any = METRICS, missed: tuple[str, ...] = ()) -> Version:  # noqa: ANN401
        model = self.folder / "model"
        shutil.rmtree(model, ignore_errors=True)
        (model / "tokenizer").mkdir(parents=True)
        (model / "weights.safetensors").write_bytes(content.encode() * 1000)
        (model / "manifest.json").write_text(json.dumps({"content": content}))
        (model / "tokenizer" / "vocabulary.json").write_text("{}")
        (self.folder / "config.yaml").write_text(f"seed: {content}\n")
        parts = {"model": model, "config.yaml": self.folder / "config.yaml"}
        return self.registry.register("toy", parts, metrics, missed)

    def served(self) -> dict[str, str]:
        """Name -> sha256 of every file that a deployment reads; the deployment's own manifest is not one."""
        files = store.sha256_tree(self.registry.folder / "toy" / "current")
        return {name: sha256 for name, sha256 in files.items() if name != store.MANIFEST}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_version_records_what_was_registered(shop: Shop) -> None:
    version = shop.register("one", missed=("bleu 31.500, goal >= 40: missed",))
    assert version.id.startswith("toy-1-")
    assert version.parent is None
    assert version.metrics == METRICS
    names = {"config.yaml", "model/manifest.json", "model/tokenizer/vocabulary.json", "model/weights.safetensors"}
    assert version.files.keys() == names
    for name, sha256 in version.files.items():
        assert sha256 == store.sha256_file(shop.folder / name)
        assert store.sha256_file(shop.registry.folder / "objects" / sha256) == sha256
    assert shop.registry.version(version.id) == version
    assert [entry["action"] for entry in shop.registry.history("toy")] == ["register"]


def test_the_same_content_is_the_same_version(shop: Shop) -> None:
    first, other = shop.register("one"), shop.register("two")
    assert shop.register("one") == first
    assert shop.registry.versions("toy") == [first, other]
    assert shop.registry.versions("other") == []
    assert len(shop.registry.history("toy")) == 2


def test_the_parent_is_what_served_at_registration(shop: Shop) -> None:
    first = shop.register("one")
    assert shop.register("two").parent is None
    shop.registry.promote(first.id)
    assert shop.register("three").parent == first.id


def test_versions_are_listed_in_the_order_of_their_numbers(shop: Shop) -> None:
    made = [shop.register(str(number)).id for number in range(11)]
    assert [version.id for version in shop.registry.versions()] == made


def test_a_part_that_is_missing_is_an_error(shop: Shop) -> None:
    with pytest.raises(RegistryError, match="does not exist: run train and evaluate first"):
        shop.registry.register("toy", {"model": shop.folder / "nowhere"}, METRICS, [])
    assert shop.registry.versions() == []


def test_an_unknown_version_is_an_error_that_lists_the_known(shop: Shop) -> None:
    with pytest.raises(RegistryError, match=r"there is no version toy-9-x\. Registered: none yet"):
        shop.registry.version("toy-9-x")
    first, second = shop.register("one"), shop.register("two")
    with pytest.raises(RegistryError, match=f"Registered: {first.id}, {second.id}"):
        shop.registry.promote("toy-9-x")


def test_promotion_serves_the_registered_files(shop: Shop) -> None:
    version = shop.register("one")
    assert shop.registry.current("toy") is None
    folder = shop.registry.promote(version.id, reason="good")
    assert shop.registry.current("toy") == version.id
    assert (shop.registry.folder / "toy" / "current").resolve() == folder.resolve()
    assert shop.served() == version.files
    last = shop.registry.history("toy")[-1]
    assert (last["action"], last["version"], last["reason"]) == ("promote", version.id, "good")


@pytest.mark.parametrize(("force", "reason"), [(False, ""), (True, ""), (True, "  "), (False, "because")])
def test_missed_goals_are_not_promoted_without_force_and_reason(shop: Shop, force: bool, reason: str) -> None:
    good, bad = shop.register("one"), shop.register("two", missed=("bleu 31.500, goal >= 40: missed",))
    shop.registry.promote(good.id)
    with pytest.raises(RegistryError, match=r"bleu 31\.500, goal >= 40: missed\. To promote it all the same: --force"):
        shop.registry.promote(bad.id, force=force, reason=reason)
    assert shop.registry.current("toy") == good.id
    assert len(shop.registry.history("toy")) == 3


def test_a_forced_promotion_records_its_reason(shop: Shop) -> None:
    bad = shop.register("two", missed=("bleu 31.500, goal >= 40: missed",))
    shop.registry.promote(bad.id, force=True, reason="a pilot in one ward")
    assert shop.registry.current("toy") == bad.id
    assert shop.registry.history("toy")[-1]["reason"] == "a pilot in one ward"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_metrics_that_are_not_finite_are_never_promoted(shop: Shop, value: float) -> None:
    broken = {"models": {"tuned": {"bleu": {"value": 1.0}, "perplexity": {"value": value}}}}
    version = shop.register("one", metrics=broken)
    with pytest.raises(RegistryError, match="not finite: perplexity"):
        shop.registry.promote(version.id, force=True, reason="please")
    assert shop.registry.current("toy") is None


def test_rollback_brings_the_version_before_back_to_the_byte(shop: Shop) -> None:
    first, second = shop.register("one"), shop.register("two")
    shop.registry.promote(first.id)
    before = shop.served()
    shop.registry.promote(second.id)
    assert shop.served() == second.files != before
    shop.registry.rollback("toy", reason="worse in the field")
    assert shop.registry.current("toy") == first.id
    assert shop.served() == before == first.files
    last = shop.registry.history("toy")[-1]
    assert (last["action"], last["version"], last["reason"]) == ("rollback", first.id, "worse in the field")


def test_rollback_mends_a_deployed_folder_that_was_tampered_with(shop: Shop) -> None:
    first, second = shop.register("one"), shop.register("two")
    deployed = shop.registry.promote(first.id)
    shop.registry.promote(second.id)
    (deployed / "model" / "weights.safetensors").write_bytes(b"tampered")
    (deployed / "model" / "extra.py").write_text("print()")
    (deployed / "config.yaml").unlink()
    shop.registry.rollback("toy")
    assert shop.served() == first.files


def test_rollback_twice_goes_back_twice(shop: Shop) -> None:
    first, second, third = (shop.register(content) for content in ("one", "two", "three"))
    for version in (first, second, third):
        shop.registry.promote(version.id)
    shop.registry.rollback("toy")
    assert shop.registry.current("toy") == second.id
    shop.registry.rollback("toy")
    assert shop.registry.current("toy") == first.id


def test_rollback_goes_to_any_version_that_served(shop: Shop) -> None:
    made = [shop.register(content) for content in ("one", "two", "three")]
    for version in made:
        shop.registry.promote(version.id)
    shop.registry.rollback("toy", made[0].id)
    assert shop.served() == made[0].files
    never = shop.register("four")
    with pytest.raises(RegistryError, match=f"{never.id} was never promoted; promote it instead"):
        shop.registry.rollback("toy", never.id)
    assert shop.registry.current("toy") == made[0].id


def test_rollback_with_nothing_earlier_is_an_error(shop: Shop) -> None:
    with pytest.raises(RegistryError, match="domain toy: no version was promoted before the current one"):
        shop.registry.rollback("toy")
    version = shop.register("one")
    shop.registry.promote(version.id)
    with pytest.raises(RegistryError, match="no version was promoted before the current one"):
        shop.registry.rollback("toy")
    assert shop.registry.current("toy") == version.id


@pytest.mark.parametrize("how", ["damaged", "missing"])
@pytest.mark.parametrize("action", ["promote", "rollback"])
def test_a_stored_file_that_is_damaged_or_missing_changes_nothing(shop: Shop, action: str, how: str) -> None:
    first, second = shop.register("one"), shop.register("two")
    shop.registry.promote(first.id)
    shop.registry.promote(second.id)
    served, history = shop.served(), shop.registry.history("toy")
    stored = shop.registry.folder / "objects" / first.files["model/weights.safetensors"]
    if how == "missing":
        stored.unlink()
    else:
        stored.write_bytes(stored.read_bytes()[:-1] + b"!")
    with pytest.raises(RegistryError, match=rf"model/weights.safetensors is {how}.*; nothing was changed"):
        shop.registry.promote(first.id) if action == "promote" else shop.registry.rollback("toy")
    assert shop.registry.current("toy") == second.id
    assert shop.served() == served
    assert shop.registry.history("toy") == history


@pytest.fixture
def project(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(stages, "registry", lambda: shop.registry)
    monkeypatch.setattr(config, "ROOT", shop.folder)
    monkeypatch.setenv("COLUMNS", "160")
    return shop


def test_the_list_is_one_row_a_version(project: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    registry.show_list(argparse.Namespace(domain=None))
    assert "no versions yet. Register one: dvc repro" in capsys.readouterr().out
    first, second = project.register("one"), project.register("two", missed=("a", "b"))
    project.registry.promote(first.id)
    registry.show_list(argparse.Namespace(domain="toy"))
    rows = {id_: line for line in capsys.readouterr().out.splitlines() for id_ in (first.id, second.id) if id_ in line}
    assert "yes" in rows[first.id]
    assert " met " in rows[first.id]
    assert "2 missed" in rows[second.id]
    assert "yes" not in rows[second.id]


def test_a_version_is_shown_with_metrics_goals_files_and_history(
    project: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    version = project.register("one", missed=("bleu 31.500, goal >= 40: missed",))
    project.registry.promote(version.id, force=True, reason="a pilot")
    registry.show(argparse.Namespace(version=version.id))
    shown = capsys.readouterr().out
    assert shown.startswith(f"{version.id}, registered {version.registered_at}, parent none\n")
    assert "bleu: 31.5000 [30.2500, 33.0000]" in shown
    assert "missed: bleu 31.500, goal >= 40: missed" in shown
    assert all(f"{sha256}  {name}\n" in shown for name, sha256 in version.files.items())
    assert "promote: a pilot" in shown


def test_promote_and_rollback_say_what_serves(project: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = project.register("one"), project.register("two")
    for version in (first, second):
        registry.promote(argparse.Namespace(version=version.id, phase=None, force=False, reason=""))
        assert capsys.readouterr().out == f"{version.id} serves now: registry/toy/deployed/{version.id}\n"
    registry.rollback(argparse.Namespace(domain="toy", version=None, phase=None, reason=""))
    assert capsys.readouterr().out.startswith(f"{first.id} serves again, every hash checked: registry/toy/deployed/")
    assert project.registry.current("toy") == first.id


# --- phases of training ------------------------------------------------------------------------------------------


def phased(shop: Shop, content: str = "last", *, missed: tuple[str, ...] = ()) -> Version:
    """Register a version of three phases, each with a model of its own."""
    parts: dict[str, Path] = {}
    for name, weights in (("phases/1-a", f"{content} a"), ("phases/2-b", f"{content} b"), ("model", content)):
        parts[name] = shop.folder / name
        shutil.rmtree(parts[name], ignore_errors=True)
        parts[name].mkdir(parents=True)
        (parts[name] / "weights.safetensors").write_bytes(weights.encode() * 1000)
    (shop.folder / "config.yaml").write_text("seed: 1\n")
    return shop.registry.register("toy", parts | {"config.yaml": shop.folder / "config.yaml"}, METRICS, missed)


def test_rollback_returns_to_the_end_of_any_phase(shop: Shop) -> None:
    version = phased(shop)
    assert version.phases == ["1-a", "2-b"]
    shop.registry.promote(version.id)
    final = shop.served()
    assert final == version.files_at(None) == {n: s for n, s in version.files.items() if not n.startswith("phases/")}
    for phase in ("1-a", "2-b"):
        folder = shop.registry.rollback("toy", phase=phase, reason="it forgot")
        assert folder.name == f"{version.id}@{phase}" == shop.registry.current("toy")
        served = shop.served()
        assert served["model/weights.safetensors"] == version.files[f"phases/{phase}/weights.safetensors"]
        assert served.keys() == final.keys()
        assert served["config.yaml"] == final["config.yaml"]
        last = shop.registry.history("toy")[-1]
        assert (last["action"], last["version"], last["phase"]) == ("rollback", version.id, phase)
    shop.registry.rollback("toy")
    assert shop.registry.current("toy") == f"{version.id}@1-a", "what served before"
    shop.registry.rollback("toy")
    assert shop.served() == final


def test_rollback_to_a_phase_of_an_earlier_version(shop: Shop) -> None:
    first, second = phased(shop, "one"), phased(shop, "two")
    shop.registry.promote(first.id)
    shop.registry.promote(second.id)
    shop.registry.rollback("toy", first.id, phase="2-b")
    assert shop.served() == first.files_at("2-b")
    assert phased(shop, "three").parent == f"{first.id}@2-b"


def test_a_phase_that_is_not_there_is_refused_and_nothing_changes(shop: Shop) -> None:
    with pytest.raises(RegistryError, match="no version serves whose phase 1-a could be gone back to"):
        shop.registry.rollback("toy", phase="1-a")
    simple, several = shop.register("one"), phased(shop)
    shop.registry.promote(simple.id)
    with pytest.raises(RegistryError, match="has no phase 1-a to go back to; it has one phase only: its end"):
        shop.registry.rollback("toy", phase="1-a")
    shop.registry.promote(several.id)
    with pytest.raises(RegistryError, match="has no phase 9-x to go back to; it has only its end, and 1-a, 2-b"):
        shop.registry.rollback("toy", phase="9-x")
    stored = shop.registry.folder / "objects" / several.files["phases/1-a/weights.safetensors"]
    stored.write_bytes(b"?")
    with pytest.raises(RegistryError, match=r"model/weights.safetensors is damaged; nothing was changed"):
        shop.registry.rollback("toy", phase="1-a")
    assert shop.registry.current("toy") == several.id


def test_a_phase_is_promoted_only_by_force_for_nobody_evaluated_it(shop: Shop) -> None:
    version = phased(shop)
    with pytest.raises(RegistryError, match=r"the model at the end of phase 1-a was not evaluated. .*--force --reason"):
        shop.registry.promote(version.id, phase="1-a")
    shop.registry.promote(version.id, phase="1-a", force=True, reason="a trial")
    assert shop.served() == version.files_at("1-a")


def test_list_and_show_tell_the_phases(project: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    version = phased(project)
    project.registry.promote(version.id)
    registry.rollback(argparse.Namespace(domain="toy", version=None, phase="2-b", reason="it forgot"))
    assert capsys.readouterr().out.startswith(f"{version.id}@2-b serves again, every hash checked")
    registry.show_list(argparse.Namespace(domain="toy"))
    assert "at the end of 2-b" in " ".join(capsys.readouterr().out.split())
    registry.show(argparse.Namespace(version=version.id))
    shown = capsys.readouterr().out
    assert f"phase 1-a: registry rollback toy {version.id} --phase 1-a returns to its end" in shown
    assert "rollback at the end of 2-b: it forgot" in shown


@pytest.mark.parametrize("name", ["phases/../model/x", "phases", "phases/1-a", "phases/a/x", "phases/1-A/x"])
def test_a_record_whose_phases_are_not_those_of_a_version_is_refused(shop: Shop, name: str) -> None:
    version = phased(shop)
    record = shop.registry.folder / "toy" / "versions" / f"{version.id}.json"
    known = json.loads(record.read_text())
    record.write_text(json.dumps(known | {"files": known["files"] | {name: "0" * 64}}))
    with pytest.raises(RegistryError, match="files must be relative paths"):
        shop.registry.version(version.id)
