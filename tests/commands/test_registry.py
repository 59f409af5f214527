"""The ``registry`` commands: what people and scripts read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from r1tailor import config
from r1tailor.__main__ import main
from tests.support.versions import MISSED, MISSED_TOO, Shop

PHASES = ("1-a", "2-b")


@dataclass
class Said:
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.out)


@pytest.fixture
def registry(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run ``r1tailor registry <arguments>`` in a terminal of 80 columns."""
    monkeypatch.setattr(config, "ROOT", shop.folder)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> Said:
        main(["registry", *arguments])
        return Said(*capsys.readouterr())

    return run


def _rows(said: Said) -> dict[str, str]:
    return {line.split()[0]: line for line in said.out.splitlines() if line.startswith(("toy", "a_"))}


def test_the_list_is_one_row_a_version(shop: Shop, registry: Callable[..., Said]) -> None:
    assert registry("list").out.startswith("no versions yet. Register one: dvc repro")
    first, second = shop.register("one"), shop.register("two", missed=(MISSED, MISSED_TOO))
    registry("promote", "toy-1")
    rows = _rows(registry("list", "toy"))
    assert rows[first.id].split()[1:] == ["bleu", "31.500", "tiny", "lora", "none", "yes"]
    assert rows[second.id].split()[1:] == ["bleu", "31.500", "tiny", "lora", "2", "missed"]
    assert registry("list", "tow").out == "no version of tow. Domains with versions: toy\n"


def test_the_list_fits_80_columns_and_never_splits_an_id(
    shop: Shop, registry: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "a_domain_with_a_name_of_forty_characters"
    version = shop.register("one", domain=long, missed=(MISSED,), phases=PHASES)
    metrics = {"models": {"tuned": {f"a_metric_with_a_long_name_{n}": {"value": 0.5} for n in range(9)}}}
    shop.register("two", metrics=metrics)
    lines = registry("list").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(version.id in line for line in lines) == 1
    monkeypatch.setenv("COLUMNS", "30")
    assert version.id in registry("list").out
    wide = registry("list", "--wide")
    assert len(_rows(wide)) == 2
    assert "a_metric_with_a_long_name_8 0.5000" in wide.out


def test_markup_in_the_name_of_a_model_is_text(shop: Shop, registry: Callable[..., Said]) -> None:
    folder = shop.write("one")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"model": "[/x]"}))
    assert "[/x]" in registry("list").out


def test_scripts_read_json(shop: Shop, registry: Callable[..., Said]) -> None:
    nan = {"models": {"tuned": {"bleu": {"value": 31.5}, "perplexity": {"value": float("nan")}}}}
    first, second = shop.register("one", phases=PHASES), shop.register("two", metrics=nan, missed=(MISSED,))
    promoted = registry("promote", "toy-1@1-a", "--force", "--reason", "a trial", "--json").json
    place = f"outputs/registry/toy/deployed/{first.id}@1-a"
    assert promoted == {"version": first.id, "phase": "1-a", "folder": place}
    one, two = registry("list", "--json").json
    assert (one["version"], one["number"], one["current"], one["current_phase"]) == (first.id, 1, True, "1-a")
    assert (two["version"], two["current"], two["missed_goals"]) == (second.id, False, [MISSED])
    assert two["metrics"] == {"bleu": 31.5, "perplexity": None}
    shown = registry("show", "current", "--json").json
    assert shown["files"] == first.files
    assert [entry["action"] for entry in shown["history"]] == ["register", "promote"]
    assert registry("rollback", "toy", "toy-1", "--json").json["phase"] is None
    assert registry("rebuild", "--json").json == {"known": [first.id, second.id], "taken_in": [], "refused": []}


def test_a_version_is_shown_with_metrics_goals_files_and_history(shop: Shop, registry: Callable[..., Said]) -> None:
    version = shop.register("one", missed=(MISSED,))
    registry("promote", "latest", "--force", "--reason", "a pilot")
    shown = registry("show", "toy-1").out
    assert shown.startswith(
        f"{version.id}, registered {version.registered_at}, tiny lora\n  trained from: the base model\n"
    )
    assert "bleu: 31.5000 [30.2500, 33.0000]" in shown
    assert f"missed: {MISSED}" in shown
    assert all(f"{sha256}  {name}\n" in shown for name, sha256 in version.files.items())
    assert "promote: a pilot" in shown


def test_promote_and_rollback_say_what_is_current(shop: Shop, registry: Callable[..., Said]) -> None:
    first, second = shop.register("one"), shop.register("two")
    for version in (first, second):
        place = f"outputs/registry/toy/deployed/{version.id}"
        assert registry("promote", version.id).out == f"{version.id} is promoted: {place}\n"
    assert registry("rollback", "toy").out.startswith(f"{first.id} is current again, every hash checked: outputs/")
    assert shop.registry.current("toy") == first.id


def test_list_and_show_tell_the_phases(shop: Shop, registry: Callable[..., Said]) -> None:
    version = shop.register("last", phases=PHASES)
    registry("promote", "latest")
    back = registry("rollback", "toy", "--phase", "2-b", "--reason", "it forgot")
    assert back.out.startswith(f"{version.id}@2-b is current again, every hash checked")
    assert _rows(registry("list"))[version.id].split()[-1] == "@2-b"
    shown = registry("show", version.id).out
    assert f"phase 1-a: registry rollback toy {version.id} --phase 1-a returns to its end" in shown
    assert "rollback at the end of 2-b: it forgot" in shown


def test_a_version_that_dvc_brought_is_listed_and_reported(shop: Shop, registry: Callable[..., Said]) -> None:
    shop.write("one")
    said = registry("list", "--json")
    (version,) = said.json
    assert said.err == f"registry: {version['version']} was taken in from outputs/toy/register\n"
    assert registry("list", "--json").err == ""


def test_rebuild_says_what_it_took_in(shop: Shop, registry: Callable[..., Said]) -> None:
    shop.write("one")
    said = registry("rebuild").out.splitlines()
    (version,) = shop.registry.versions()
    assert said == [
        f"taken in: {version.id} from outputs/toy/register",
        "1 taken in, 0 known before",
    ]


def test_a_wrong_name_exits_with_2_and_one_message(
    shop: Shop, registry: Callable[..., Said], capsys: pytest.CaptureFixture[str]
) -> None:
    shop.register("one")
    with pytest.raises(SystemExit) as stopped:
        registry("show", "tow-1")
    assert stopped.value.code == 2
    assert "there is no version tow-1. Did you mean toy-1?" in capsys.readouterr().err


def test_a_refused_record_is_reported_with_the_sound_ones(shop: Shop, registry: Callable[..., Said]) -> None:
    bad, good = shop.register("one", missed=(MISSED,)), shop.register("two")
    record = shop.registry.record_file(bad)
    record.write_text(json.dumps(json.loads(record.read_text()) | {"missed_goals": []}))
    said = registry("list")
    assert list(_rows(said)) == [good.id]
    assert said.err.startswith("refused: ")
    assert f"{bad.id}.json is no record of a version: its content is not what was registered under its id" in said.err


def test_verify_reports_repairs_and_exits_with_1_where_damage_remains(
    shop: Shop, registry: Callable[..., Said], capsys: pytest.CaptureFixture[str]
) -> None:
    version = shop.register("one")
    assert registry("verify").out.endswith(": nothing damaged\n")
    shop.stored(version, "config.yaml").write_bytes(b"")
    assert "config.yaml is damaged; it was stored again" in registry("verify").out
    assert registry("verify", "--json").json["damage"] == []
    shop.stored(version, "config.yaml").write_bytes(b"")
    with pytest.raises(SystemExit) as stopped:
        main(["registry", "verify", "--dry-run", "--json"])
    assert stopped.value.code == 1
    assert json.loads(capsys.readouterr().out)["repaired"] == []


def test_gc_says_what_it_removes(shop: Shop, registry: Callable[..., Said]) -> None:
    shop.register("one")
    stray = shop.registry.objects.path("0" * 64)
    stray.write_bytes(b"x" * 10)
    dry = registry("gc", "--dry-run").out.splitlines()
    assert dry[0].endswith("0" * 64)
    assert dry[1] == "1 stored files of no version and 0 deployed folders can be removed: 0.0 MB (10 bytes)"
    assert registry("gc", "--json").json["bytes"] == 10
    assert not stray.exists()


def test_the_terms_of_a_models_weights_are_shown_with_each_version(shop: Shop, registry: Callable[..., Said]) -> None:
    shop.register("one")
    shop.register("two", notice="toy is provided under the Toy Terms\n")
    assert "licence" not in registry("show", "toy-1").out
    assert "  licence: toy is provided under the Toy Terms\n" in registry("show", "toy-2").out
    assert registry("show", "toy-2", "--json").json["licence"] == "toy is provided under the Toy Terms"
