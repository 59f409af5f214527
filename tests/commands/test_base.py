"""``r1tailor base``: the folder of the very base model, for plain transformers."""

from pathlib import Path

import pytest

from r1tailor import config, store
from r1tailor.__main__ import main
from r1tailor.layout import RunFolder
from tests.strategy.test_lora import tuned_model
from tests.support.saved_models import saved

NAME = "outputs/runs/first"


def _composed(run: RunFolder, seed: int) -> None:
    own = ("domain=generic", "domain.sources.0.path=x.jsonl", "model=tiny_llama", f"seed={seed}")
    store.write_text(run.path / "config.yaml", config.as_yaml(config.load([*own])))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run whose adapters were trained on the random weights of seed 3."""
    found = RunFolder(tmp_path / NAME)
    saved(tuned_model("tiny_llama"), config.load(["model=tiny_llama", "seed=3"]), found.phase("1-all") / "model")
    _composed(found, 3)
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setenv("R1TAILOR_CACHE", str(tmp_path / "cache"))
    return found


@pytest.mark.usefixtures("run")
def test_the_folder_of_the_base_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["base", NAME])
    captured = capsys.readouterr()
    folder = Path(captured.out.strip())
    assert (folder / "config.json").is_file()
    assert "adapter of tiny_llama (random weights" in captured.err


def test_another_base_than_the_one_that_was_tuned_is_refused(
    run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    _composed(run, 4)
    with pytest.raises(SystemExit) as ended:
        main(["base", NAME])
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "was trained on tiny_llama (random weights" in captured.err
    assert "the base model here is tiny_llama (random weights" in captured.err
