"""Charts of warnings and portfolio for the report, and the file that hands them to it."""

from collections.abc import Mapping
from pathlib import Path

from r1tailor import store
from r1tailor.evaluation.chart import Band, Chart, Series
from r1tailor.evaluation.market.baselines import VOLATILITY
from r1tailor.evaluation.market.decisions import NEVER, SAME_RATE, TUNED
from r1tailor.evaluation.market.report import HOLD, scored, shown_first, tables
from r1tailor.evaluation.market.track_record import TrackRecord

FILE = Path("market") / "page.json"  # below the folder of the evaluation
_DRAWN = (TUNED, NEVER, VOLATILITY, SAME_RATE)  # the others are in the CSVs


def write_page(records: Mapping[str, TrackRecord], folder: Path) -> None:
    """Write what the report shows of each record: tables, charts, the sentence; nothing without records.

    Args:
        records: by split.
        folder: of the evaluation.
    """
    if records:
        store.write_json(folder / FILE, [_page(name, record) for name, record in records.items()])


def _page(name: str, record: TrackRecord) -> dict[str, object]:
    sentence = record.metrics["sentence"]
    return {
        "name": "" if name == "split" else name,
        "tables": tables(record),
        "charts": [chart.as_json() for chart in charts(record)],
        "sentence": sentence["text"] if sentence else "",
    }


def charts(record: TrackRecord) -> list[Chart]:
    """Return the price with crises and alarms, the equity curves, and the reliability of the risk scores."""
    return [_price(record), _equity(record), _reliability(record)]


def _price(record: TrackRecord) -> Chart:
    """Return the index with shaded crises, the tuned model's alarms, and a line from each credited one to its onset."""
    line, first = record.timeline, int(record.decisions.days[0])
    bands = tuple(
        Band(line.dates[max(first, episode.onset)], line.dates[episode.trough], episode.name)
        for episode in line.episodes
        if episode.trough >= first
    )
    closes = tuple(float(close) for close in line.closes[first:])
    series = (Series("index", tuple(line.dates[first:]), closes), *_alarms(record), *_leads(record))
    return Chart("Index, crises (onset to trough) and alarms", series, bands=bands, log=True)


def _alarms(record: TrackRecord) -> list[Series]:
    """Return the tuned model's alarms: those that a crisis follows, and false ones."""
    line, warned = record.timeline, record.warnings.get(TUNED)
    found = []
    for name, tone, credited in (("alarms before a crisis", "good", True), ("false alarms", "bad", False)):
        days = [one.day for one in (warned.alarms if warned else ()) if (one.episode is not None) == credited]
        if days:
            closes = tuple(float(line.closes[day]) for day in days)
            found.append(
                Series(name, tuple(line.dates[day] for day in days), closes, line=False, points=True, tone=tone)
            )
    return found


def _leads(record: TrackRecord) -> list[Series]:
    line, warned = record.timeline, record.warnings.get(TUNED)
    found = []
    for event, lead in zip(warned.events, warned.leads, strict=True) if warned else ():
        if lead:
            onset = line.episodes[event].onset
            ends = (line.dates[onset - lead], line.dates[onset])
            level = (float(line.closes[onset - lead]),) * 2
            found.append(Series("", ends, level, tone="good", texts=("", f"{lead}")))
    return found


def _equity(record: TrackRecord) -> Chart:
    series = tuple(
        Series(
            HOLD if name == NEVER else name,
            tuple(record.timeline.dates[day] for day in record.overlays[name].days),
            tuple(float(value) for value in record.overlays[name].equity),
        )
        for name in shown_first(record.overlays)
        if name in _DRAWN
    )
    return Chart("One unit in the risk-off overlay, after costs", series, log=True)


def _reliability(record: TrackRecord) -> Chart:
    found = scored(record)
    drawn = [name for name in shown_first(found) if name == TUNED] or list(found)[:1]
    series = [Series("ideal", (0.0, 1.0), (0.0, 1.0), dashed=True)]
    for name in drawn:
        curve = found[name]["curve"]
        title = f"{name} (Brier {found[name]['brier']:.3f}, ECE {found[name]['ece']:.3f})"
        days = tuple(f"{count:.0f}" for count in curve["count"])
        x, y = (tuple(float(value) for value in curve[key]) for key in ("score", "observed"))
        series.append(Series(title, x, y, points=True, texts=days))
    title = "Reliability of the risk scores (counts at the points)"
    return Chart(title, tuple(series), "probability of a risky label", "share of days with one")
