"""Versions: registered by content, promoted by their goals, brought back byte for byte or not at all."""

import pytest

from r1tailor.errors import RegistryError
from tests.support.versions import MISSED, Shop

PHASES = ("1-a", "2-b")


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
