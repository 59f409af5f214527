"""The device's checks, at toy size on the CPU: every part runs, and what can be told there is told."""

import json
import sys
from pathlib import Path

import pytest

from tests.device import run


@pytest.mark.filterwarnings("ignore")  # of torch and peft, which the script does not turn into errors
def test_every_part_runs_at_toy_size_and_ends_in_one_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", "--toy", "--out", str(tmp_path / "device.json")])
    with pytest.raises(SystemExit) as ended:
        run.main()
    report = json.loads((tmp_path / "device.json").read_text(encoding="utf-8"))
    assert list(report["parts"]) == list(run.PARTS)
    assert [(name, part["error"]) for name, part in report["parts"].items() if "error" in part] == []
    assert ended.value.code == 0
    assert report["machine"]["toy"] is True
    exact = report["parts"]["exactness"]
    for name, off in exact.items():
        if name.endswith("fp32"):
            assert off["loss"] < 1e-5, name
            assert off["gradient"] < 1e-5, name
    assert len([name for name in exact if name.endswith("fp32")]) == 8
    assert report["parts"]["attention"]["window 64"]["output"] < 1e-5
    assert report["parts"]["generation"]["tokens/s"] > 0
    assert set(report["parts"]["large"]["lora"]) == {"ours", "plain", "planned"}


def test_a_part_that_does_not_exist_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", "speeed"])
    with pytest.raises(SystemExit, match="2"):
        run.main()
    assert "speeed: there is exactness" in capsys.readouterr().err
