"""Charts show the tuned model first, and every alarm with its colour."""

from r1tailor.evaluation.market.charts import charts
from r1tailor.evaluation.market.decisions import NEVER, SAME_RATE, TUNED
from r1tailor.evaluation.market.report import HOLD
from tests.support.market_cases import made_record


def test_the_tuned_model_is_shown_and_the_others_wait_in_the_legend() -> None:
    price, equity, reliability = charts(made_record())
    alarms = [trace for trace in price.data if trace.name and trace.name.startswith("alarms")]
    assert [(trace.name, trace.visible) for trace in alarms] == [
        (f"alarms: {TUNED}", True),
        (f"alarms: {NEVER}", "legendonly"),
        (f"alarms: {SAME_RATE}", "legendonly"),
    ]
    assert {trace.name for trace in equity.data} == {TUNED, HOLD, SAME_RATE}
    assert [trace.name.partition(" (")[0] for trace in reliability.data] == ["ideal", TUNED]


def test_alarms_are_coloured_by_what_became_of_them() -> None:
    record = made_record()
    (alarms,) = (trace for trace in charts(record)[0].data if trace.name == f"alarms: {TUNED}")
    credited = [alarm.episode is not None for alarm in record.warnings[TUNED].alarms]
    assert credited
    assert [colour == "#116329" for colour in alarms.marker.color] == credited
