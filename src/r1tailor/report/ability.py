"""General ability kept, base against tuned, as ``evaluation/ability.json`` holds it.

Read of it: ``models`` and ``comparisons`` by part (``ability`` is all of it), ``chance`` and ``verdict``
(``non_inferior``, ``margin``, ``why``, ``difference``, ``low``, ``high``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from r1tailor.report.headline import Row, difference, number, picture, tone
from r1tailor.report.texts import Texts

_ALL = "ability"
_SCALE = 0.3  # at the ends of a picture


@dataclass(frozen=True)
class Ability:
    """What the page shows.

    Attributes:
        sentence: whether ability is kept, in words; empty where no margin was asked.
        tone: ``good`` or ``unsure``.
        n: questions.
        rows: for all questions, each language, each set; ``p`` holds what guessing reaches.
    """

    sentence: str
    tone: str
    n: int
    rows: Sequence[Row]


def ability(found: Mapping[str, Any], t: Texts) -> Ability | None:
    """Return what the page shows; None where nothing was measured."""
    compared = found.get("comparisons")
    if not compared:
        return None
    models, chance = found["models"], found.get("chance", {})
    rows = []
    for part, entry in compared.items():
        base, tuned = (number(models[model][part]["value"]) for model in ("base", "tuned"))
        name = t("all questions") if part == _ALL else part.removeprefix(f"{_ALL}_")
        drawn = picture(part, entry, t, most=_SCALE)
        rows.append(Row(name, base, tuned, difference(entry), number(chance.get(part)), drawn, tone(part, entry)))
    judged = found.get("verdict")
    kept = bool(judged and judged["non_inferior"])
    return Ability(_sentence(judged, t) if judged else "", "good" if kept else "unsure", found["n"], rows)


def _sentence(judged: Mapping[str, Any], t: Texts) -> str:
    values = {"difference": difference(judged), "margin": f"{100 * judged['margin']:g}"}
    if judged["non_inferior"]:
        return t("General ability is kept: the loss is below {margin} points ({difference})", **values)
    told = t("Not shown that general ability is kept within {margin} points: {difference}", **values)
    return f"{told}. {t.of(judged['why'])}" if judged["why"] else told
