"""The crisis library: the shipped file agrees with the prices; own files are added; faults name file and line."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from r1tailor import config
from r1tailor.domain.finance import library
from r1tailor.domain.finance.settings import Crises, CrisisEvent, FinanceDomain
from r1tailor.errors import ConfigError
from tests.conftest import ROOT
from tests.support.market_documents import finance, real

SHIPPED = "conf/domain/crises.csv"
HEADER = "market,start,end,name,fall,source\n"


def _events(root: Path, *files: str, **changes: object) -> tuple[CrisisEvent, ...]:
    return library.events(
        Crises.model_validate({"drawdown": 0.15, "onset_drawdown": 0.1, "library": files, **changes}), root
    )


def test_the_shipped_falls_are_those_of_the_packaged_prices() -> None:
    dates, closes = finance(real()).levels()
    days, prices = np.array(dates, "datetime64[D]"), np.array(closes)
    events = [event for event in _events(ROOT, SHIPPED) if event.market == "US equities"]
    assert [event.start[:4] for event in (events[0], events[-1])] == ["2008", "2023"]
    for event in events[:-1]:  # the last lies beyond the prices
        year = np.datetime64(event.start) - np.timedelta64(365, "D")
        until = prices[(days >= year) & (days <= np.datetime64(event.end))]
        since = prices[(days >= np.datetime64(event.start)) & (days <= np.datetime64(event.end))]
        assert since.argmin() == len(since) - 1, f"{event.name} does not end at its lowest close"
        assert event.fall == pytest.approx(1 - until[-1] / until.max(), abs=0.0051), event.name


def test_chinese_markets_have_their_crises() -> None:
    found = [event for event in _events(ROOT, SHIPPED) if event.market == "CN equities"]
    assert [event.start[:4] for event in found] == ["2008", "2015", "2016", "2018", "2020", "2022"]
    assert all(event.source for event in found)


def test_own_rows_are_added_and_a_project_without_the_file_takes_the_packages(tmp_path: Path) -> None:
    own = tmp_path / "mine.csv"
    own.write_text(
        f"{HEADER}DE equities,2011-08-05,2011-09-12,Euro,0.32,ECB\n,2020-01-01,2020-02-01,Any,,us\n", "utf-8"
    )
    shipped = _events(ROOT, SHIPPED)
    inline = {"date": "2001-09-11", "name": "Attacks", "source": "x"}
    found = _events(tmp_path, SHIPPED, "mine.csv", events=[inline])
    assert found[: len(shipped)] == shipped
    euro, anywhere, attacks = found[len(shipped) :]
    assert (euro.market, euro.fall, anywhere.market, anywhere.fall) == ("DE equities", 0.32, None, None)
    assert (attacks.start, attacks.end) == ("2001-09-11", "2001-09-11"), "as earlier releases wrote an event"


def test_all_faults_of_all_files_are_reported_with_their_lines(tmp_path: Path) -> None:
    rows = [
        "US equities,2020-02-30,2020-03-23,Wrong day,0.3,x",
        "US equities,2020-03-11,2020-03-01,Backwards,0.3,x",
        "US equities,2020-03-11,2020-03-23,Deep,1.3,x",
        "US equities,2020-03-11,2020-03-23,Words,deep,x",
        "US equities,2020-03-11,2020-03-23,,0.3,x",
        "US equities,2020-03-11",
        "US equities,2021-03-11,2021-03-23,Twice,0.3,x",
        "US equities,2021-03-11,2021-03-23,Twice,0.3,y",
    ]
    (tmp_path / "a.csv").write_text(HEADER + "\n".join(rows), "utf-8")
    (tmp_path / "b.csv").write_text("market,start\n", "utf-8")
    with pytest.raises(ConfigError) as refused:
        _events(tmp_path, "a.csv", "b.csv", "c.csv")
    said = [fault.removeprefix("domain.task.crises.library: ") for fault in refused.value.faults]
    assert [fault.split(": ")[0] for fault in said[:7]] == [f"a.csv, line {line}" for line in (2, 3, 4, 5, 6, 7, 9)]
    for fault, words in zip(
        said,
        (
            'must be a date such as "2024-12-31"',
            "end = 2020-03-01 lies before start = 2020-03-11",
            "fall",
            "fall = 'deep' is no number",
            "name",
            "2 columns, expected 6",
            "Twice of 2021-03-11 stands in a.csv, line 8 already",
            "no column end, name, fall, source",
            "c.csv: does not exist",
        ),
        strict=True,
    ):
        assert words in fault
    assert refused.value.exit_code == 2


def test_a_fault_of_the_library_stops_before_examples_are_made(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nothing", "utf-8")
    domain = finance(real(), f"domain.task.crises.library=[{tmp_path / 'a.csv'}]")
    with pytest.raises(ConfigError, match=r"a\.csv"):
        next(domain.examples())


def test_a_composition_of_an_earlier_release_keeps_its_events(tmp_path: Path) -> None:
    values = yaml.safe_load(config.as_yaml(config.load(["domain=finance", "domain.goals=[]"])))
    old = {"drawdown": 0.15, "onset_drawdown": 0.1}
    event = {"date": "2008-09-15", "market": "US equities", "fall": 0.57, "name": "Lehman", "source": "court"}
    values["domain"]["task"]["crises"] = old | {"events": [event]}
    del values["evaluation"]["warning"]["false_rate"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    domain = config.load_params(tmp_path / "params.yaml").domain
    assert isinstance(domain, FinanceDomain)
    assert [found.name for found in library.events(domain.task.crises, tmp_path)] == ["Lehman"]
    assert domain.task.crises.labels == "drawdowns"
