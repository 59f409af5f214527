"""Versions: registered by content, promoted by their goals, brought back byte for byte or not at all."""

import json
import shutil
from typing import Any

import pytest

from r1tailor import store
from r1tailor.errors import RegistryError
from r1tailor.registry import open_registry
from tests.support.versions import METRICS, MISSED, Shop

PHASES = ("1-a", "2-b")


def test_a_version_records_what_was_registered(shop: Shop) -> None:
    version = shop.register("one", missed=(MISSED,))
    assert version.id.startswith("toy-1-")
    assert version.parent is None
    assert version.metrics == METRICS
    names = {"manifest.json", "tokenizer/vocabulary.json", "weights.safetensors"}
    assert version.files.keys() == {"config.yaml", "evaluation/metrics.json", *(f"model/{name}" for name in names)}
    for name, sha256 in version.files.items():
        assert sha256 == store.sha256_file(shop.folder / "outputs" / "toy" / "register" / name)
        assert store.sha256_file(shop.stored(version, name)) == sha256
    assert shop.registry.version(version.id) == version
    assert [entry["action"] for entry in shop.registry.history("toy")] == ["register"]


def test_the_same_content_is_the_same_version(shop: Shop) -> None:
    first, other = shop.register("one"), shop.register("two")
    assert shop.register("one") == first
    assert shop.registry.versions("toy") == [first, other]
    assert shop.registry.versions("other") == []
    assert len(shop.registry.history("toy")) == 2


def test_the_parent_is_the_artifact_that_training_started_from_not_what_was_promoted(shop: Shop) -> None:
    first = shop.register("one", phases=PHASES)
    shop.registry.promote(first.id)
    assert shop.registry.parent(shop.register("two")) is None
    for name, parent in (("model", first.id), ("phases/1-a", f"{first.id}@1-a")):
        started_from = first.files[f"{name}/manifest.json"]
        assert shop.registry.parent(shop.register(f"from {name}", parent=started_from)) == parent
    assert shop.registry.parent(shop.register("elsewhere", parent="f" * 64)) == "f" * 64


def test_versions_are_listed_in_the_order_of_their_numbers(shop: Shop) -> None:
    made = [shop.register(str(number)).id for number in range(11)]
    assert [version.id for version in shop.registry.versions()] == made


def test_an_unknown_version_is_an_error_that_lists_the_known(shop: Shop) -> None:
    with pytest.raises(RegistryError, match=r"there is no version toy-9-x\. Registered: none yet"):
        shop.registry.version("toy-9-x")
    first, second = shop.register("one"), shop.register("two")
    with pytest.raises(RegistryError, match=f"Registered: {first.id}, {second.id}"):
        shop.registry.promote("toy-9-x")


def test_promotion_deploys_the_registered_files(shop: Shop) -> None:
    version = shop.register("one")
    assert shop.registry.current("toy") is None
    folder = shop.registry.promote(version.id, reason="good")
    assert shop.registry.current("toy") == version.id
    assert (shop.registry.folder / "toy" / "current").resolve() == folder.resolve()
    assert shop.deployed() == version.files
    last = shop.registry.history("toy")[-1]
    assert (last["action"], last["version"], last["reason"]) == ("promote", version.id, "good")


@pytest.mark.parametrize(("force", "reason"), [(False, ""), (True, ""), (True, "  "), (False, "because")])
def test_missed_goals_are_not_promoted_without_force_and_reason(shop: Shop, force: bool, reason: str) -> None:
    good, bad = shop.register("one"), shop.register("two", missed=(MISSED,))
    shop.registry.promote(good.id)
    with pytest.raises(RegistryError, match=r"bleu 31\.500, goal >= 40: missed\. To promote it anyway: --force"):
        shop.registry.promote(bad.id, force=force, reason=reason)
    assert shop.registry.current("toy") == good.id
    assert len(shop.registry.history("toy")) == 3


def test_a_forced_promotion_records_its_reason(shop: Shop) -> None:
    bad = shop.register("two", missed=(MISSED,))
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
    before = shop.deployed()
    shop.registry.promote(second.id)
    assert shop.deployed() == second.files != before
    shop.registry.rollback("toy", reason="worse in the field")
    assert shop.registry.current("toy") == first.id
    assert shop.deployed() == before == first.files
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
    assert shop.deployed() == first.files


def test_rollback_twice_goes_back_twice(shop: Shop) -> None:
    first, second, third = (shop.register(content) for content in ("one", "two", "three"))
    for version in (first, second, third):
        shop.registry.promote(version.id)
    shop.registry.rollback("toy")
    assert shop.registry.current("toy") == second.id
    shop.registry.rollback("toy")
    assert shop.registry.current("toy") == first.id


def test_rollback_goes_to_any_version_that_was_promoted(shop: Shop) -> None:
    made = [shop.register(content) for content in ("one", "two", "three")]
    for version in made:
        shop.registry.promote(version.id)
    shop.registry.rollback("toy", made[0].id)
    assert shop.deployed() == made[0].files
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
    served, history = shop.deployed(), shop.registry.history("toy")
    stored = shop.stored(first, "model/weights.safetensors")
    if how == "missing":
        stored.unlink()
    else:
        stored.write_bytes(stored.read_bytes()[:-1] + b"!")
    with pytest.raises(RegistryError, match=rf"model/weights.safetensors is {how}.*; nothing was changed"):
        shop.registry.promote(first.id) if action == "promote" else shop.registry.rollback("toy")
    assert shop.registry.current("toy") == second.id
    assert shop.deployed() == served
    assert shop.registry.history("toy") == history


# --- phases of training ------------------------------------------------------------------------------------------


def test_rollback_returns_to_the_end_of_any_phase(shop: Shop) -> None:
    version = shop.register("last", phases=PHASES)
    assert version.phases == ["1-a", "2-b"]
    shop.registry.promote(version.id)
    final = shop.deployed()
    assert final == version.files_at(None) == {n: s for n, s in version.files.items() if not n.startswith("phases/")}
    for phase in ("1-a", "2-b"):
        folder = shop.registry.rollback("toy", phase=phase, reason="it forgot")
        assert folder.name == f"{version.id}@{phase}" == shop.registry.current("toy")
        served = shop.deployed()
        assert served["model/weights.safetensors"] == version.files[f"phases/{phase}/weights.safetensors"]
        assert served.keys() == final.keys()
        assert served["config.yaml"] == final["config.yaml"]
        last = shop.registry.history("toy")[-1]
        assert (last["action"], last["version"], last["phase"]) == ("rollback", version.id, phase)
    shop.registry.rollback("toy")
    assert shop.registry.current("toy") == f"{version.id}@1-a", "what served before"
    shop.registry.rollback("toy")
    assert shop.deployed() == final


def test_rollback_to_a_phase_of_an_earlier_version(shop: Shop) -> None:
    first, second = shop.register("one", phases=PHASES), shop.register("two", phases=PHASES)
    shop.registry.promote(first.id)
    shop.registry.promote(second.id)
    shop.registry.rollback("toy", first.id, phase="2-b")
    assert shop.deployed() == first.files_at("2-b")
    assert shop.registry.current("toy") == f"{first.id}@2-b"


def test_a_phase_that_is_not_there_is_refused_and_nothing_changes(shop: Shop) -> None:
    with pytest.raises(RegistryError, match="no version is promoted whose phase 1-a can be rolled back to"):
        shop.registry.rollback("toy", phase="1-a")
    simple, several = shop.register("one"), shop.register("last", phases=PHASES)
    shop.registry.promote(simple.id)
    with pytest.raises(RegistryError, match="has no phase 1-a; it has one phase only: its end"):
        shop.registry.rollback("toy", phase="1-a")
    shop.registry.promote(several.id)
    with pytest.raises(RegistryError, match="has no phase 9-x; it has only its end, and 1-a, 2-b"):
        shop.registry.rollback("toy", phase="9-x")
    shop.stored(several, "phases/1-a/weights.safetensors").write_bytes(b"?")
    with pytest.raises(RegistryError, match=r"model/weights.safetensors is damaged in .*; nothing was changed"):
        shop.registry.rollback("toy", phase="1-a")
    assert shop.registry.current("toy") == several.id


def test_a_phase_is_promoted_only_by_force_since_it_was_not_evaluated(shop: Shop) -> None:
    version = shop.register("last", phases=PHASES)
    with pytest.raises(RegistryError, match=r"the model at the end of phase 1-a was not evaluated. .*--force --reason"):
        shop.registry.promote(version.id, phase="1-a")
    shop.registry.promote(version.id, phase="1-a", force=True, reason="a trial")
    assert shop.deployed() == version.files_at("1-a")


# --- what travels ------------------------------------------------------------------------------------------------


def test_a_version_of_the_pipeline_is_taken_in_when_the_registry_is_opened(shop: Shop) -> None:
    shop.write("one")
    opened = open_registry(shop.folder)
    (version,) = opened.versions()
    assert version.short_id == "toy-1"
    assert opened.notes == [f"{version.id} was taken in from outputs/toy/register"]
    assert open_registry(shop.folder).notes == []
    opened.promote(version.id)
    assert shop.deployed() == version.files


def test_what_another_registry_numbered_gets_the_next_number_here(shop: Shop, tmp_path_factory: Any) -> None:  # noqa: ANN401
    mine = shop.register("one")
    elsewhere = Shop(tmp_path_factory.mktemp("elsewhere"))
    elsewhere.register("zero")
    theirs = elsewhere.register("two")
    shutil.copytree(elsewhere.folder / "outputs/toy/register", shop.folder / "outputs/toy/register", dirs_exist_ok=True)
    taken = open_registry(shop.folder).version("latest")
    assert (mine.number, theirs.number, taken.number) == (1, 2, 2)
    assert taken.files == theirs.files


@pytest.mark.parametrize("fault", ["damaged", "no manifest", "hostile", "link", "unlisted"])
def test_a_folder_that_is_no_version_is_reported_and_hides_no_other(shop: Shop, fault: str) -> None:
    good = shop.register("one", domain="other")
    folder = shop.write("two")
    manifest = folder / store.MANIFEST
    if fault == "damaged":
        (folder / "model" / "weights.safetensors").unlink()
        (folder / "model" / "weights.safetensors").write_text("changed")
    elif fault == "no manifest":
        manifest.write_text("{")
    elif fault == "hostile":
        facts = store.read_json(manifest)
        manifest.write_text(json.dumps(facts | {"files": {"../../escaped": "0" * 64}}))
    elif fault == "link":
        (folder / "model" / "weights.safetensors").unlink()
        (folder / "model" / "weights.safetensors").symlink_to("/etc/hostname")
    else:
        (folder / "model" / "code.py").write_text("print()")
    opened = open_registry(shop.folder)
    assert opened.versions() == [good]
    assert len(opened.notes) == 1
    assert opened.notes[0].startswith("not registered: ")


def test_stored_files_that_were_lost_come_back_from_the_pipeline(shop: Shop) -> None:
    version = shop.register("one")
    shop.stored(version, "model/weights.safetensors").unlink()
    open_registry(shop.folder).promote("toy-1")
    assert shop.deployed() == version.files


def test_no_number_is_used_twice(shop: Shop) -> None:
    first, second = shop.register("one"), shop.register("two")
    (shop.registry.folder / "toy" / "versions" / f"{first.id}.json").unlink()
    assert shop.register("three").number == 3
    assert shop.registry.version("toy-2") == second


def test_a_stored_file_is_no_link_to_the_run_or_to_a_deployment(shop: Shop) -> None:
    version = shop.register("one")
    deployed = shop.registry.promote(version.id)
    for folder in (deployed, shop.folder / "outputs" / "toy" / "register"):
        with (folder / "model" / "weights.safetensors").open("r+b") as weights:
            weights.write(b"tampered")
    shop.registry.promote(version.id)
    assert shop.deployed() == version.files


def test_a_folder_of_a_version_is_made_without_promoting_it(shop: Shop) -> None:
    version = shop.register("one", phases=PHASES)
    folder = shop.registry.folder_of(version, "1-a")
    assert (folder / "model" / "weights.safetensors").read_bytes() == b"one 1-a" * 1000
    assert (folder / "config.yaml").exists()
    assert shop.registry.folder_of(version, "1-a") == folder
    assert shop.registry.current("toy") is None
    (folder / "config.yaml").write_text("tampered")
    assert (shop.registry.folder_of(version, "1-a") / "config.yaml").read_text().endswith("seed: one\n")
