"""What is written for vLLM: a command and a compose file of the version; what it cannot load is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from r1tailor import artifact, config
from r1tailor.errors import UserError
from r1tailor.inference import Located
from r1tailor.model.base import Base
from r1tailor.serving import vllm
from tests.support.saved_models import SOME_FACTS

HUB = Base("r1", "0" * 64, {"kind": "hub", "hub_id": "deepseek-ai/R1", "revision": "a" * 40})
LOCAL = Base("mine", "0" * 64, {"kind": "local", "path": "models/mine"})


def _written(monkeypatch: pytest.MonkeyPatch, folder: Path, **changes: Any) -> str:  # noqa: ANN401
    settings = config.load(changes.pop("overrides", []))
    found = Located("medical-3", "", folder, folder / "config.yaml", (), folder / "forms")
    monkeypatch.setattr(Located, "settings", settings)
    monkeypatch.setattr(vllm, "locate", lambda *_: found)
    facts = replace(SOME_FACTS, **changes)
    saved = artifact.Artifact(**vars(facts), folder=folder, run={})
    monkeypatch.setattr(artifact, "read", lambda _: saved)
    return vllm.written("medical", folder, settings.serving)


def _compose(text: str) -> dict[str, Any]:
    lines = [
        line for line in text.partition("# Or with Docker: compose.yaml\n")[2].splitlines() if not line.startswith("#")
    ]
    service: dict[str, Any] = yaml.safe_load("\n".join(lines))["services"]["vllm"]
    return service


def test_an_adapter_is_served_on_its_base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = _written(monkeypatch, tmp_path, base=HUB)
    command = text.splitlines()[1]
    assert command.startswith("vllm serve deepseek-ai/R1 --host 127.0.0.1 --port 8001")
    assert f"--enable-lora --max-lora-rank 16 --lora-modules medical-3={tmp_path}" in command
    assert f"--revision {'a' * 40}" in command
    service = _compose(text)
    assert service["ports"] == ["127.0.0.1:8001:8001"]
    assert service["volumes"] == [f"{tmp_path}:/adapter:ro"]
    assert "medical-3=/adapter" in service["command"]
    assert "r1tailor serve medical serving=endpoint" in text
    assert "was not run here" in text


def test_arguments_of_the_template_are_written_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = ["domain=medical", "domain.task.reasoning=false", "+domain.task.template.enable_thinking=false"]
    text = _written(monkeypatch, tmp_path, base=HUB, overrides=chosen)
    assert text.splitlines()[-1] == '# {"chat_template_kwargs": {"enable_thinking": false}}'
    assert "chat_template_kwargs" not in _written(monkeypatch, tmp_path, base=HUB)


def test_full_weights_are_served_by_their_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = _written(monkeypatch, tmp_path, kind="full")
    assert f"vllm serve {tmp_path}" in text
    assert "--served-model-name medical-3" in text
    assert "lora" not in text


def test_a_base_that_no_hub_has_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "<folder with the base model: mine (folder models/mine" in _written(monkeypatch, tmp_path, base=LOCAL)


def test_a_model_with_an_encoder_of_its_own_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="medical-3 reads windows of numbers through an encoder of its own"):
        _written(monkeypatch, tmp_path, temporal=True)
