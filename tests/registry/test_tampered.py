"""What was changed after registration, or reports other goals than were earned, is refused and reported."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from r1tailor import store
from r1tailor.errors import RegistryError, UserError
from r1tailor.inference.locate import locate
from r1tailor.registry import Version, open_registry
from r1tailor.registry.files import write_folder
from tests.support.versions import METRICS, MISSED, Shop

BETTER = {"models": {"tuned": {"bleu": {"value": 99.0}}}}


def _dropped(values: dict[str, Any]) -> dict[str, Any]:
    return {"files": {name: sha for name, sha in values["files"].items() if name != "evaluation/metrics.json"}}


def _other_weights(values: dict[str, Any]) -> dict[str, Any]:
    files = values["files"]
    return {"files": files | {"model/weights.safetensors": files["model/manifest.json"]}}


FORGED: list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = [
    ("missed goals", lambda _: {"missed_goals": []}),
    ("goals", lambda _: {"goals": [], "missed_goals": []}),
    ("metrics", lambda _: {"metrics": BETTER}),
    ("parent", lambda _: {"parent": "f" * 64}),
    ("model", lambda _: {"model": "other"}),
    ("weights", _other_weights),
    ("dropped", _dropped),
]


@pytest.mark.parametrize("forged", [forged for _, forged in FORGED], ids=[name for name, _ in FORGED])
def test_a_record_that_was_changed_is_refused_by_everything_that_reads_it(
    shop: Shop, forged: Callable[[dict[str, Any]], dict[str, Any]], tmp_path: Path
) -> None:
    bad, good = shop.register("one", missed=(MISSED,)), shop.register("two", to="outputs/elsewhere")
    shop.registry.promote(bad.id, force=True, reason="a trial")
    shop.registry.promote(good.id)
    store.write_text(shop.folder / "outputs/toy/register/manifest.json", "{}")  # nothing to mend it from
    record = shop.registry.record_file(bad)
    values = json.loads(record.read_text())
    record.write_text(json.dumps(values | forged(values)))
    reading: list[Callable[[], object]] = [
        lambda: shop.registry.version(bad.id),
        lambda: shop.registry.promote("toy-1"),
        lambda: shop.registry.promote("toy-1", force=True, reason="please"),
        lambda: shop.registry.rollback("toy"),
        lambda: shop.registry.rollback("toy", bad.id),
    ]
    for read in reading:
        with pytest.raises(RegistryError, match="is not what was registered under its id"):
            read()
    with pytest.raises(UserError):
        locate(bad.id, shop.folder)
    assert shop.registry.current("toy") == good.id
    assert shop.deployed() == good.files
    assert shop.registry.versions() == [good]
    assert list(shop.registry.refused()) == [bad.id]


def test_a_refused_newest_or_promoted_version_is_not_passed_over(shop: Shop) -> None:
    shop.register("one")
    newest = shop.register("two", missed=(MISSED,))
    record = shop.registry.record_file(newest)
    record.write_text(json.dumps(json.loads(record.read_text()) | {"missed_goals": []}))
    for name in ("latest", "toy@latest"):
        with pytest.raises(RegistryError, match=newest.id):
            shop.registry.version(name)
    with pytest.raises(RegistryError, match=newest.id):
        shop.registry.of_domain("toy")
    record.unlink()
    restored = shop.register("two", missed=(MISSED,))
    shop.registry.promote(restored.id, force=True, reason="a trial")
    record.unlink()
    with pytest.raises(RegistryError, match=r"there is no version|is not registered"):
        shop.registry.of_domain("toy")


@pytest.mark.parametrize(
    ("changed", "reported"),
    [
        ({"missed_goals": []}, "it misses bleu 31.500, goal >= 40: missed"),
        ({"goals": [], "missed_goals": []}, "its goals are not those of config.yaml"),
        ({"metrics": BETTER, "missed_goals": []}, "its metrics are not those of evaluation/metrics.json"),
    ],
)
def test_a_folder_that_reports_other_goals_than_it_earned_is_not_registered(
    shop: Shop, changed: dict[str, Any], reported: str
) -> None:
    """Its manifest was changed before it was registered: the hash is over what it says now."""
    folder = shop.write("one", missed=(MISSED,))
    store.write_json(folder / store.MANIFEST, store.read_json(folder / store.MANIFEST) | changed)
    with pytest.raises(RegistryError, match=f"{reported}.*; nothing was registered"):
        shop.registry.take_in(folder)
    assert shop.registry.versions() == []
    assert open_registry(shop.folder).notes[0].startswith("not registered: ")


def test_a_version_without_its_evaluation_is_promoted_by_force_alone(shop: Shop) -> None:
    model = shop.write("one") / "model"
    facts = {"domain": "toy", "parent": None, "model": "", "strategy": "", "goals": [], "missed_goals": []}
    write_folder(shop.folder / "bare", {"model": model}, {}, facts | {"metrics": METRICS})
    version, _ = shop.registry.take_in(shop.folder / "bare")
    with pytest.raises(RegistryError, match=r"cannot be checked without config.yaml and evaluation/metrics.json"):
        shop.registry.promote(version.id)
    shop.registry.promote(version.id, force=True, reason="a trial")


def _emptied(shop: Shop, version: Version) -> None:
    for path in shop.registry.objects.folder.iterdir():
        path.write_bytes(b"")
    assert shop.stored(version, "config.yaml").stat().st_size == 0


def test_registering_again_repairs_every_stored_file(shop: Shop) -> None:
    version = shop.register("one")
    _emptied(shop, version)
    assert shop.register("one") == version
    assert all(shop.registry.objects.is_sound(sha256) for sha256 in (version.sha256, *version.files.values()))
    _emptied(shop, version)
    open_registry(shop.folder).promote(version.id)
    assert shop.deployed() == version.files


def test_an_id_covers_what_a_version_reports(shop: Shop) -> None:
    ids = {shop.register("one", parent=parent).id.rpartition("-")[2] for parent in (None, "f" * 64)}
    assert len(ids) == 2
