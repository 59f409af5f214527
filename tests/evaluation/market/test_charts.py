"""Charts show the tuned model, every alarm with its tone; the page's file holds them as plain values."""

from pathlib import Path

from r1tailor import store
from r1tailor.evaluation.chart import chart_from
from r1tailor.evaluation.market.charts import FILE, charts, write_page
from r1tailor.evaluation.market.decisions import SAME_RATE, TUNED
from r1tailor.evaluation.market.report import HOLD
from tests.support.market_cases import made_record


def test_the_tuned_model_and_its_rivals_are_drawn() -> None:
    price, equity, reliability = charts(made_record())
    assert price.series[0].name == "index"
    assert {one.name for one in equity.series} == {TUNED, HOLD, SAME_RATE}
    assert [one.name.partition(" (")[0] for one in reliability.series] == ["ideal", TUNED]


def test_alarms_have_the_tone_of_what_became_of_them() -> None:
    record = made_record()
    drawn = {one.tone: len(one.x) for one in charts(record)[0].series if one.points}
    credited = [alarm.episode is not None for alarm in record.warnings[TUNED].alarms]
    assert credited
    assert drawn == {tone: n for tone, n in (("good", sum(credited)), ("bad", credited.count(False))) if n}


def test_the_file_of_the_page_holds_every_record_and_is_absent_without_one(tmp_path: Path) -> None:
    write_page({}, tmp_path)
    assert not (tmp_path / FILE).exists()
    record = made_record()
    write_page({"split": record, "walk_forward": record}, tmp_path)
    split, folds = store.read_json(tmp_path / FILE)
    assert (split["name"], folds["name"]) == ("", "walk_forward")
    assert [chart_from(one) for one in split["charts"]] == charts(record)
