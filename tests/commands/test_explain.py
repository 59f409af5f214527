"""``r1tailor explain``: what a person who looks a setting up is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from r1tailor.__main__ import main
from tests.conftest import ROOT


@pytest.fixture
def explained(capsys: pytest.CaptureFixture[str]):  # noqa: ANN201
    """Return what the command prints."""

    def run(*arguments: str) -> str:
        main(["explain", *arguments])
        return capsys.readouterr().out

    return run


def test_a_setting_is_described_with_its_limits_value_file_and_alternatives(explained) -> None:  # noqa: ANN001
    lines = explained("trainer.micro_batch_tokens").splitlines()
    assert lines[0] == "trainer.micro_batch_tokens"
    assert "positions of one micro-batch" in lines[1]
    assert lines[2:5] == [
        "  allowed   whole number, greater than 0",
        "  value     2048",
        "  set in    conf/trainer/cpu.yaml",
    ]
    assert lines[5:] == [
        "  option *  trainer=cpu   2048",
        "  option    trainer=ddp   16384",
        "  option    trainer=fsdp  16384",
        "  option    trainer=gpu   16384",
    ]


def test_an_override_is_taken_into_account(explained) -> None:  # noqa: ANN001
    assert "  value     16384\n  set in    conf/trainer/gpu.yaml\n" in explained(
        "trainer.micro_batch_tokens", "trainer=gpu"
    )
    assert "  value     7\n  set in    the command line\n" in explained("trainer.max_steps", "trainer.max_steps=7")


def test_a_value_that_follows_another_names_it(explained) -> None:  # noqa: ANN001
    assert "  set in    conf/optimizer/adamw.yaml: ${strategy.recommended.lr}\n" in explained("optimizer.lr")


def test_a_group_lists_its_options_and_settings(explained) -> None:  # noqa: ANN001
    text = explained("strategy")
    assert "  option    strategy=full   Every weight trains\n  option *  strategy=lora   Low-rank adapters" in text
    assert "  r               = 16  Rank of the adapters.\n" in text


def test_a_setting_of_another_option_says_so(explained) -> None:  # noqa: ANN001
    text = explained("strategy.r", "strategy=full")
    assert "  of kind   lora, qlora\n" in text
    assert "  value     not set in this composition\n" in text


def test_without_a_key_every_section_is_listed(explained) -> None:  # noqa: ANN001
    lines = explained().splitlines()
    assert [line.split()[0].partition("=")[0] for line in lines][:5] == ["seed", "resume", "output", "corpus", "domain"]
    assert any(line.startswith("model=smollm2 ") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trainer.devcies"], "trainer.devcies is not a setting. Did you mean trainer.devices?"),
        (["strategy", "strategy=lorra"], "strategy=lorra: there is no such option. Did you mean lora?"),
        (["domain.title", "domain.title"], "'domain.title' is not an override. Write key=value, or group=option."),
    ],
)  # fmt: skip
def test_what_is_unknown_is_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["explain", *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_text_of_a_user_is_not_taken_for_markup(explained) -> None:  # noqa: ANN001
    assert "  value     [bold]x[/y]\n" in explained("domain.title", "domain.title='[bold]x[/y]'")


def test_torch_is_not_imported() -> None:
    program = "import sys; from r1tailor.__main__ import main; main(['explain']); sys.exit('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONPATH": str(Path(ROOT, "src")), "PATH": ""}, check=False
    )
    assert done.returncode == 0
