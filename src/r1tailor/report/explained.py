"""Segments that decided an answer, and error modes, as ``errors/errors.json`` holds them.

Read of it: ``attributions`` (``id``, ``right``, ``given``, ``error``, ``segments`` with ``text`` and ``value``: what a
segment adds to log p(right answer) - log p(given answer), in nats), ``modes`` and ``not_shown`` (``where``: value by
column; ``n``, ``rate``, ``rate_elsewhere``, ``p_holm``, ``examples``), ``halves``, ``metric`` and ``notes``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SHADES = 4
_MOST_ITEMS, _MOST_MODES = 12, 10


@dataclass(frozen=True)
class Segment:
    """A stretch of an input: its text, its value as text, its tone (``for1`` to ``against4``, or empty)."""

    text: str
    value: str
    tone: str


@dataclass(frozen=True)
class Explained:
    """One explained item.

    Attributes:
        id: of the item.
        right: the reference.
        given: the wrong answer.
        segments: of its input, in their order.
        error: Monte-Carlo error of the values; empty where they are exact.
    """

    id: str
    right: str
    given: str
    segments: Sequence[Segment]
    error: str


@dataclass(frozen=True)
class Mode:
    """A slice in which errors are more frequent, or were tried for it.

    Attributes:
        where: what its items have in common, in words.
        n: items of it.
        rate: share of errors among them.
        elsewhere: share of errors outside of it.
        p: that errors are not more frequent in it, corrected.
        shown: whether they are shown to be.
        examples: ids of wrong items.
    """

    where: str
    n: int
    rate: float
    elsewhere: float
    p: float
    shown: bool
    examples: Sequence[str]


def explained(found: Mapping[str, Any]) -> list[Explained]:
    """Return the items that a page shows, the first ones."""
    return [_item(one) for one in found.get("attributions", ())[:_MOST_ITEMS]]


def modes(found: Mapping[str, Any]) -> list[Mode]:
    """Return the slices that a page shows: those that are shown to be worse, then those that are not."""
    every = [*((one, True) for one in found.get("modes", ())), *((one, False) for one in found.get("not_shown", ()))]
    return [_mode(one, shown=shown) for one, shown in every[:_MOST_MODES]]


def _mode(one: Mapping[str, Any], *, shown: bool) -> Mode:
    where = ", ".join(f"{column} = {value}" for column, value in one["where"].items())
    return Mode(where, one["n"], one["rate"], one["rate_elsewhere"], one["p_holm"], shown, one["examples"])


def _item(one: Mapping[str, Any]) -> Explained:
    most = max((abs(segment["value"]) for segment in one["segments"]), default=0.0)
    segments = [_segment(segment["text"], float(segment["value"]), most) for segment in one["segments"]]
    error = f"±{one['error']:.2f}" if one.get("error") else ""
    return Explained(one["id"], one["right"], one["given"], segments, error)


def _segment(text: str, value: float, most: float) -> Segment:
    shade = round(_SHADES * abs(value) / most) if most else 0
    tone = f"{'for' if value > 0 else 'against'}{shade}" if shade else ""
    return Segment(text, f"{value:+.2f}".replace("-", "−"), tone)
