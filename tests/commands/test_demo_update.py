"""The command of the demonstration, without a run to begin with."""

import pytest

from r1tailor import config
from r1tailor.__main__ import main


def test_without_a_run_the_way_to_one_is_named(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(["demo-update"])
    assert caught.value.code == 2
    assert "outputs/runs/latest holds no run. Make one first: make demo" in capsys.readouterr().err
