"""``r1tailor ask``: a question, a file, a dialogue, a day; what is wrong is reported before a model is loaded."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from r1tailor import config, inference
from r1tailor.__main__ import main
from r1tailor.commands import ask
from r1tailor.inference import Answer
from r1tailor.inference.local import LocalAnswerer
from r1tailor.record_files import read_examples, read_predictions
from tests.support.toy_run import LABELS, toy_run

NAME = "outputs/runs/first"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    toy_run(root)
    return root


@pytest.fixture(autouse=True)
def _at_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "ROOT", project)


@pytest.fixture
def item(project: Path) -> tuple[str, str]:
    """A question and its answer in the evaluation."""
    run = project / NAME
    one = read_predictions(run / "evaluation" / "predictions-tuned.jsonl")[0]
    return next(
        e.input for e in read_examples(run / "instruct" / "test.jsonl") if e.id == one.id
    ), one.generated.removeprefix("<think>\n")


@pytest.fixture
def never_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if a model is opened."""
    monkeypatch.setattr(ask, "open_located", lambda *_: pytest.fail("a model was loaded"))


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        main(["ask", *arguments])
    except SystemExit as ended:
        code = int(ended.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="ascii"))


def test_one_question_is_answered_as_the_evaluation_did(
    item: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = asked(capsys, "colours", item[0])
    assert (code, out) == (0, f"{item[1]}\n")
    cut = "note: the answer was cut within the reasoning; --max-reasoning-tokens gives more room\n"
    assert err == f"asking {NAME}: the newest finished run {NAME}; no version is registered\n{cut}"
    code, out, _ = asked(capsys, "colours", item[0], "--json")
    row = {"id": "1", "input": item[0], "answer": item[1], "version": NAME}
    assert json.loads(out) == row
    assert asked(capsys, NAME, item[0], "--max-answer-tokens", "1")[1] == f"{item[1]}\n", "it is of the answer alone"
    assert asked(capsys, NAME, item[0], "--max-reasoning-tokens", "1")[1] != f"{item[1]}\n"
    drawn = [asked(capsys, NAME, item[0], "--sample", "temperature=9", f"seed={seed}")[1] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_labels_are_ranked_with_their_probabilities(item: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = asked(capsys, "colours", item[0], "--rank")
    shares = {line.split()[1]: float(line.split()[0].rstrip("%")) for line in out.splitlines()}
    assert shares.keys() == set(LABELS)
    assert sum(shares.values()) == pytest.approx(100, abs=0.05)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_a_file_is_answered_and_continued_where_it_stopped(
    project: Path,
    item: tuple[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, out = tmp_path / "notes.jsonl", tmp_path / "answers.jsonl"
    size = config.load_params(project / NAME / "config.yaml").evaluation.batch_size
    inputs = [item[0], "胸痛", *(f"thing {n}" for n in range(size - 1))]
    source.write_text("".join(json.dumps({"input": text}) + "\n" for text in inputs), encoding="utf-8")
    answer, batches = LocalAnswerer.answer, [0]

    def interrupted(self: LocalAnswerer, *given: object) -> list[Answer]:
        batches[0] += 1
        if batches[0] == 2:
            raise KeyboardInterrupt
        return answer(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalAnswerer, "answer", interrupted)
    code, *_ = asked(capsys, "colours", "--file", str(source), "--out", str(out))
    assert code == 130
    assert len(out.read_text("utf-8").splitlines()) == size
    code, printed, err = asked(capsys, "colours", "--file", str(source), "--out", str(out))
    assert (code, printed) == (0, f"{out}: {len(inputs)} answers\n")
    assert f"{out}: {size} of {len(inputs)} are answered already" in err
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["input"] for row in rows] == inputs
    assert rows[0] == {"id": "1", "input": item[0], "answer": item[1], "version": NAME}
    assert asked(capsys, "colours", "--file", str(source))[1] == out.read_text("utf-8"), "onto stdout without --out"


@pytest.mark.usefixtures("never_loaded")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["colours", "--file", "{}/bad.jsonl"], "bad.jsonl, line 2: input is missing. Did you mean inptu?"),
        (["colours", "--file", "{}/none.jsonl"], "none.jsonl does not exist"),
        (["colours", "q", "--file", "x"], "ask: a question and --file cannot be combined; choose one"),
        (["colours", "--today", "--asof", "2020-02-24"], "ask: --asof and --today cannot be combined; choose one"),
        (["colours", "q", "--out", "x"], "ask: --out is for the answers to a --file"),
        (["colours", "--rank", "--file", "x"], "ask: --rank is for one question"),
        (["colours", "q", "--sample", "heat=1"], "--sample heat=1: write one of temperature=..., top_p=..., seed=..."),
        (["colours", "q", "--sample", "top_p=x"], "--sample top_p=x: 'x' is not a number"),
        (["colours", "q", "--sample", "top_p=2"], "top_p = 2: must be above 0, and 1 at most"),
        (["colours", "q", "--max-answer-tokens", "0"], "max_answer_tokens = 0: must be 1 or more"),
        (["colours", " "], "the question is empty"),
        (["colours", "caf\udce9"], "the question is not UTF-8 (character 4)"),
        (
            ["colours", "--asof", "2020-02-24"],
            "domain colours answers texts: --asof and --today are for market domains",
        ),
        (
            ["colour", "q"],
            "colour: there is no such version, domain or folder. Did you mean colours? There are domains",
        ),
    ],
)
def test_what_is_wrong_is_said_before_a_model_is_loaded(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jsonl").write_text('{"input": "a"}\n{"inptu": "b"}\n')
    code, out, err = asked(capsys, *(argument.format(tmp_path) for argument in arguments))
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize("ending", ["", "\n", "\n\nnever asked\n"])
def test_a_dialogue_over_a_pipe_ends_with_an_empty_line_or_the_input(
    ending: str, item: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, f"{item[0]}\n胸痛{ending}")
    code, out, err = asked(capsys, "colours", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["input"] for row in rows] == [item[0], "胸痛"]
    assert rows[0]["answer"] == item[1]
    assert ">" not in out
    assert err.count("\n") - err.count("note: ") == 1


def test_a_question_that_is_too_long_does_not_end_a_dialogue(
    item: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, f"{'x ' * 5000}\n{item[0]}\n")
    code, out, err = asked(capsys, "colours")
    assert (code, out) == (0, f"{item[1]}\n")
    assert "error: 1 prompts are longer than model tiny_llama reads (4,096 tokens): 1" in err


def test_ctrl_c_ends_a_dialogue_with_130(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "_typed", lambda: _interrupted())
    code, out, err = asked(capsys, "colours")
    assert (code, out) == (130, "")
    assert "Traceback" not in err


def _interrupted() -> object:
    raise KeyboardInterrupt


def test_a_terminal_that_knows_no_chinese_shows_codes(item: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Echo:
        def answer(self, prompts: list[inference.Prompt], *_: object) -> list[Answer]:
            return [Answer("胸痛")] * len(prompts)

    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="latin-1"))
    monkeypatch.setattr(ask, "open_located", lambda *_: Echo())
    main(["ask", "colours", item[0]])
    assert written.getvalue() == b"\\u80f8\\u75db\n"


def test_the_commands_import_no_stage_before_one_is_run() -> None:
    heavy = ("torch", "pdfplumber", "r1tailor.stages", "r1tailor.sources", "r1tailor.corpus")
    code = f"import sys, r1tailor.__main__; sys.exit(str([name for name in {heavy} if name in sys.modules] or ''))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
