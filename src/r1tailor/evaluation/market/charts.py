"""Charts of warnings and portfolio for the HTML report."""

import plotly.graph_objects as go

from r1tailor.evaluation.market.baselines import VOLATILITY
from r1tailor.evaluation.market.decisions import NEVER, SAME_RATE, TUNED
from r1tailor.evaluation.market.report import HOLD, scored, shown_first
from r1tailor.evaluation.market.track_record import TrackRecord

_AT_FIRST = (TUNED, NEVER, VOLATILITY, SAME_RATE)  # the others appear on a click in the legend
_SHADE, _CREDITED, _FALSE = "rgba(164, 14, 38, 0.12)", "#116329", "#a40e26"


def charts(record: TrackRecord) -> list[go.Figure]:
    """Return the price with crises and alarms, the equity curves, and the reliability of the risk scores."""
    return [_price(record), _equity(record), _reliability(record)]


def _price(record: TrackRecord) -> go.Figure:
    """Return the index with shaded crises, marked alarms, and a line from each first credited alarm to its onset."""
    line, first = record.timeline, int(record.decisions.days[0])
    figure = go.Figure()
    figure.add_scatter(x=line.dates[first:], y=line.closes[first:], name="index", line={"color": "#57606a", "width": 1})
    for episode in line.episodes:
        if episode.trough >= first:
            ends = {"x0": line.dates[max(first, episode.onset)], "x1": line.dates[episode.trough]}
            # Vertical, so that the names of neighbouring crises do not overlap.
            label = {"text": episode.name, "textangle": -90, "font": {"size": 9}}
            figure.add_vrect(**ends, fillcolor=_SHADE, line_width=0, label=label)
    for name in shown_first(record.warnings):
        _add_alarms(figure, record, name)
    figure.update_layout(title="Index, crises (onset to trough) and alarms", yaxis_type="log", height=460)
    return figure


def _add_alarms(figure: go.Figure, record: TrackRecord, name: str) -> None:
    line, warned = record.timeline, record.warnings[name]
    visible = True if name == TUNED else "legendonly"
    days = [alarm.day for alarm in warned.alarms]
    colours = [_FALSE if alarm.episode is None else _CREDITED for alarm in warned.alarms]
    figure.add_scatter(
        x=[line.dates[day] for day in days],
        y=[float(line.closes[day]) for day in days],
        mode="markers",
        name=f"alarms: {name}",
        legendgroup=name,
        visible=visible,
        marker={"color": colours, "size": 8, "symbol": "triangle-up"},
    )
    for event, lead in zip(warned.events, warned.leads, strict=True):
        if lead:
            onset = line.episodes[event].onset
            figure.add_scatter(
                x=[line.dates[onset - lead], line.dates[onset]],
                y=[float(line.closes[onset - lead])] * 2,
                mode="lines+text",
                text=["", f"{lead} days"],
                textposition="top center",
                legendgroup=name,
                showlegend=False,
                visible=visible,
                line={"color": _CREDITED, "width": 2},
            )


def _equity(record: TrackRecord) -> go.Figure:
    figure = go.Figure()
    for name in shown_first(record.overlays):
        made = record.overlays[name]
        figure.add_scatter(
            x=[record.timeline.dates[day] for day in made.days],
            y=made.equity,
            name=HOLD if name == NEVER else name,
            mode="lines",
            visible=True if name in _AT_FIRST else "legendonly",
        )
    figure.update_layout(title="One unit in the risk-off overlay, after costs", yaxis_type="log", height=420)
    return figure


def _reliability(record: TrackRecord) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], name="ideal", mode="lines", line={"dash": "dot", "color": "#8a8f98"})
    found = scored(record)
    for name in shown_first(found):
        curve = found[name]["curve"]
        figure.add_scatter(
            x=curve["score"],
            y=curve["observed"],
            text=[f"{count:.0f} days" for count in curve["count"]],
            name=f"{name} (Brier {found[name]['brier']:.3f}, ECE {found[name]['ece']:.3f})",
            mode="lines+markers+text",
            textposition="top center",
            visible=True if name == TUNED else "legendonly",
        )
    figure.update_layout(
        title="Reliability of the risk scores (counts at the points)",
        xaxis_title="probability of a risky label",
        yaxis_title="share of days with one",
        xaxis_range=[0, 1],
        yaxis_range=[0, 1.05],
        height=420,
    )
    return figure
