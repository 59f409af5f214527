"""finance_zh: bars of a Wind terminal (a stand-in) become Chinese examples, a model, and an answer with its record."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from r1tailor import config, sources, stages, store
from r1tailor.__main__ import main
from r1tailor.domain import open_domain
from r1tailor.domain.finance.finance import Finance
from r1tailor.domain.finance.words import CHINESE
from r1tailor.layout import RunFolder
from r1tailor.records import Prediction
from r1tailor.schema.settings import Settings
from r1tailor.sources.market import wind
from tests.conftest import FASTER
from tests.support.chinese_market import LAST, composed, terminal
from tests.support.wind_terminal import StandIn

TINY = ("model=tiny_llama", "trainer.max_steps=2", "trainer.validations=1", *FASTER, "domain.task.every_days=20")
FEW = ("evaluation.max_items=8", "evaluation.warning.random_seeds=3", "evaluation.warning.calibration_items=40")
LATER = LAST - timedelta(days=21)
_HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return composed(tmp_path_factory.mktemp("zh"), *TINY, *FEW)


@pytest.fixture(scope="module")
def standing_in(settings: Settings) -> StandIn:
    """The terminal, whose history up to some weeks before its last day is in the store."""
    terminal_ = terminal(settings, LATER)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wind, "installed", lambda _: terminal_)
        patched.setattr("r1tailor.commands.market.config.load", lambda _: settings)
        main(["market", "backfill"])
    return terminal_


@pytest.fixture(scope="module")
def domain(settings: Settings, standing_in: StandIn) -> Finance:
    documents = [document for source in settings.domain.sources for document in sources.read(source, config.ROOT, [])]
    opened = open_domain(settings.domain, documents)
    assert isinstance(opened, Finance)
    return opened


def test_prompts_and_answers_are_chinese_and_say_what_the_english_ones_say(domain: Finance) -> None:
    examples = list(domain.examples())[-400:]
    assert {e.fields["label"] for e in examples} == set(domain.labels())
    for example in examples:
        words = f"{example.instruction}{example.input}{example.output}"
        assert _HAN.search(words)
        assert not re.search("[a-z]", words), "no English in a Chinese example"
        assert example.output.startswith(f"{example.fields['label']}。")
        right = domain.score(example, Prediction(example.id, example.output, -1, 1, example.fields["label"]))
        assert set(right.values()) == {1.0}
    assert {len(e.series[0]) for e in examples} == {6}
    assert CHINESE.no_sign in {term for e in examples for term in e.fields["terms"]}


def test_the_crises_are_the_events_of_chinese_markets(domain: Finance) -> None:
    found = domain.crises()
    assert [crisis.onset[:4] for crisis in found] == ["2008", "2015", "2016", "2018", "2020", "2022"]
    assert all(crisis.depth < -0.1 for crisis in found)
    assert domain.beyond() == ()


def test_numbers_as_text_are_chinese_too(settings: Settings, domain: Finance) -> None:
    task = settings.domain.task.model_copy(update={"numbers_as_text": True, "mask": False})
    written = Finance(domain.settings.model_copy(update={"task": task}), domain.documents)
    example = next(written.examples())
    assert "单位为百分之一：5日收益、" in example.instruction
    assert re.match("\\d{4}-\\d\\d-\\d\\d，CSI300。截至决策日的64个交易日。\n", example.input)
    assert "未知" in example.input, "there is no credit spread"


@pytest.mark.filterwarnings("ignore::UserWarning:lightning")
def test_one_line_polls_and_answers_with_the_record_of_the_model(
    settings: Settings,
    standing_in: StandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = RunFolder(tmp_path / "run")
    store.write_text(tmp_path / "run" / "config.yaml", config.as_yaml(settings))
    for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct, stages.teach, stages.train):
        stage(settings, run)
    stages.evaluate(settings, run)
    warned = store.read_json(run.evaluation / "metrics.json")["warning"]
    assert len(warned["events"]) >= 4
    goals = {goal.metric for goal in settings.domain.goals}
    assert goals <= store.read_json(run.evaluation / "metrics.json")["models"]["tuned"].keys()
    monkeypatch.setattr(wind, "installed", lambda _: standing_in)
    monkeypatch.setattr("r1tailor.commands.market.config.load", lambda _: settings)
    capsys.readouterr()

    with pytest.raises(SystemExit) as refused:
        main(["ask", str(tmp_path / "run"), "现在风险大吗？"])
    assert refused.value.code == 2
    assert "a question in words has none: --today" in capsys.readouterr().err
    main(["ask", str(tmp_path / "run"), "--asof", str(LAST)])
    before = capsys.readouterr()
    assert f"as known on {LAST}; last trading day {LATER}" in before.err
    assert "信号：" in before.out
    standing_in.today = LAST  # a poll brings what came since; it is known from the day of the poll on
    main(["market", "poll"])
    assert "new figures" in capsys.readouterr().out
    main(["ask", str(tmp_path / "run"), "--today", "--json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == [f"{task}/{LAST}" for task in settings.domain.task.tasks]
    risk = next(row for row in rows if row["id"].startswith("risk/"))
    signal, figures = risk["signal"], warned["models"]["tuned"]
    assert signal["threshold"] == warned["thresholds"]["tuned"]
    assert signal["warns"] == (signal["risk"] > signal["threshold"])
    assert signal["record"]["figures"] == figures
    assert re.match("信号：(未)?触发", signal["text"])
    alarms = round(figures["alarms"]["value"])
    assert (f"此类信号{alarms}次中有" if alarms else "没有出现过此类信号") in signal["text"]
