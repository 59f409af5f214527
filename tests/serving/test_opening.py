"""What is opened for a name: the form that is asked for, else one that is non-inferior, else the model itself."""

import logging
from pathlib import Path

import pytest

from r1tailor import config, store
from r1tailor.errors import UserError
from r1tailor.inference import Located
from r1tailor.registry import Registry
from r1tailor.serving import opening
from r1tailor.serving.opening import followed, open_served
from tests.support.versions import Shop


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Located:
    asked = lambda name, _: Located(name, "", tmp_path, tmp_path / "c", (), tmp_path / "forms", parent=tmp_path)  # noqa: E731
    monkeypatch.setattr(opening, "locate", asked)
    return Located("medical-3", "", tmp_path, tmp_path / "config.yaml", (), tmp_path / "forms")


def _form(model: Located, name: str, size: int, *, sound: bool | None) -> None:
    folder = model.forms / name
    folder.mkdir(parents=True)
    (folder / "model.gguf").write_bytes(b"x" * size)
    verdict = {} if sound is None else {"verdict": {"non_inferior": sound}}
    store.write_manifest(folder, {"schema": 2, "kind": "gguf", **verdict})


def _chosen(model: Located, *overrides: str) -> str:
    settings = config.load([f"serving.engine.{override}" for override in overrides]).serving.engine
    return opening._chosen(model, settings, Path()).name


def test_the_smallest_form_that_is_non_inferior_is_served(model: Located) -> None:
    _form(model, "gguf_f16", 90, sound=True)
    _form(model, "gguf_q8_0", 50, sound=True)
    _form(model, "gguf_q4_0", 20, sound=False)
    assert _chosen(model) == "medical-3+gguf_q8_0"
    assert _chosen(model, "backend=gguf") == "medical-3+gguf_q8_0"
    assert _chosen(model, "backend=local") == "medical-3"
    assert _chosen(model, "form=gguf_q4_0") == "medical-3+gguf_q4_0"


def test_a_form_that_was_not_judged_is_not_served_unasked(model: Located, caplog: pytest.LogCaptureFixture) -> None:
    assert _chosen(model) == "medical-3"
    with pytest.raises(UserError, match=r"it has no GGUF form; make one: r1tailor compress medical-3 --to gguf_q8_0"):
        _chosen(model, "backend=gguf")
    _form(model, "gguf_q8_0", 50, sound=None)
    with caplog.at_level(logging.WARNING):
        assert _chosen(model) == "medical-3"
    assert "--form gguf_q8_0 serves one all the same" in caplog.text
    with pytest.raises(UserError, match="is shown to be non-inferior"):
        _chosen(model, "backend=gguf")


def test_promotions_and_rollbacks_are_seen(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    first, second = shop.register("a"), shop.register("b")
    shop.registry.promote(first.id)
    follows = followed("toy", tmp_path, config.load([]).serving)
    seen = [follows.seen()]
    assert follows.meant()[0] == first.id
    shop.registry.promote(second.id)
    seen.append(follows.seen())
    assert follows.meant()[0] == second.id
    Registry(tmp_path / "outputs" / "registry").rollback("toy")
    seen.append(follows.seen())
    assert follows.meant()[0] == first.id
    assert len({str(one) for one in seen}) == 3
    assert follows.seen() == seen[-1]


def test_channels_follow_names_of_their_own(tmp_path: Path) -> None:
    served = open_served("medical", tmp_path, config.load(["serving.channels.shadow=medical-4"]).serving)
    assert [slot.channel for slot in served.slots()] == ["served", "shadow"]
    assert served.version() == ""


def test_what_may_not_be_passed_on_is_served_on_this_machine_or_to_the_organisation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text(config.as_yaml(config.load(["domain=finance"])), encoding="utf-8")
    found = Located("finance-1", "", tmp_path / "model", tmp_path / "config.yaml", (), tmp_path / "forms")
    monkeypatch.setattr(opening, "_engine", lambda *_: None)
    outside = ["serving.host=0.0.0.0", "serving.tls.proxy=10.0.0.1"]
    for allowed in ([], [*outside, "serving.audience=organisation"]):
        assert followed("finance", tmp_path, config.load(allowed).serving).load(found).version == "finance-1"
    with pytest.raises(UserError, match=r"finance-1 was made of sources that may not be passed on \(sp500, stocks"):
        followed("finance", tmp_path, config.load(outside).serving).load(found)
