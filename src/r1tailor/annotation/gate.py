"""The agreement gate: labels are good enough to train on if agreement on every aspect is high and well measured.

Below the gate the documents with disagreement go out for another round, and each pair of confused labels gets a hint
for the guideline. Threshold and lower bound are those of Krippendorff (2004, Content Analysis, ch. 11): 0.80 to rely
on, 0.67 for tentative conclusions.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from r1tailor.annotation.agreement import Agreement, Confusion
from r1tailor.annotation.ratings import NOTHING
from r1tailor.annotation.schemes import definition
from r1tailor.records import Annotation
from r1tailor.schema.annotation import AgreementGate, OwnScheme

_SHOWN = 5


def misses(found: Agreement, gate: AgreementGate) -> list[str]:
    """Return what one aspect lacks; empty if it passes."""
    missed = []
    if found.items < gate.items:
        missed.append(f"{found.items} documents labelled twice or more, {gate.items} are needed")
    if found.kappa is None:
        missed.append("agreement is undefined: all ratings have the same value")
    elif found.kappa < gate.kappa:
        missed.append(f"{found.coefficient} is {found.kappa:.2f}, {gate.kappa:.2f} is needed")
    if found.low is not None and found.low < gate.lower_bound:
        missed.append(f"its lower bound is {found.low:.2f}, {gate.lower_bound:.2f} is needed")
    return missed


def sentence(found: Agreement, gate: AgreementGate) -> str:
    """Return the figures of one aspect, and the verdict."""
    interval = f" [{_shown(found.low)}, {_shown(found.high)}]" if found.low is not None else ""
    figures = f"{found.coefficient} {_shown(found.kappa)}{interval} over {found.items} documents ({found.why})"
    others = f"raw agreement {_shown(found.raw)}, AC1 {_shown(found.ac1)}"
    exact = f", exact F1 {_shown(found.exact_f1)}" if found.exact_f1 is not None else ""
    verdict = "; ".join(misses(found, gate)) or "passes"
    return f"{found.aspect}: {figures}; {others}{exact}: {verdict}"


def hint(confusion: Confusion, scheme: OwnScheme) -> str:
    """Return what the guideline should define about a pair of labels that annotators confuse."""
    pair = f"{confusion.first} / {confusion.second} ({confusion.pairs} pairs of votes)"
    if NOTHING in (confusion.first, confusion.second):
        label = confusion.first if confusion.second == NOTHING else confusion.second
        meant = f" ({definition(scheme, label)})" if definition(scheme, label) else ""
        return f"{pair}: define where {label}{meant} begins and ends and what is not one, with an example of each"
    defined = [f"{name} is {definition(scheme, name)}" for name in (confusion.first, confusion.second)]
    known = f": {'; '.join(defined)}" if all(definition(scheme, n) for n in (confusion.first, confusion.second)) else ""
    return f"{pair}{known}: define which of the two applies where both seem to, with an example of each"


def next_round(found: Sequence[Agreement], votes: Mapping[str, Sequence[Annotation]]) -> dict[str, str]:
    """Return the documents to label again, with the reason: most disagreement first, then those labelled once."""
    disagreement: dict[str, float] = {}
    for aspect in found:
        for document, share in aspect.disagreement.items():
            disagreement[document] = max(share, disagreement.get(document, 0.0))
    split = sorted(
        (document for document, share in disagreement.items() if share > 0), key=lambda d: (-disagreement[d], d)
    )
    once = [document for document, of_document in votes.items() if len(of_document) == 1]
    return {d: f"disagreement {disagreement[d]:.2f}" for d in split} | dict.fromkeys(once, "labelled once")


def refusal(
    found: Sequence[Agreement],
    gate: AgreementGate,
    scheme: OwnScheme,
    again: Mapping[str, str],
    written: Sequence[Path],
) -> str:
    """Return the message that stops the run below the gate: figures, confusions, documents, and what to do next.

    Args:
        found: the agreement on every aspect.
        gate: the required agreement.
        scheme: for the definitions that hints show.
        again: the next annotation round: the reason by document, in order.
        written: its task files.
    """
    lines = ["annotation: inter-annotator agreement is too low to train on the labels (domain.annotation.gate)"]
    lines += [f"  {sentence(aspect, gate)}" for aspect in found]
    missed = [aspect for aspect in found if misses(aspect, gate)]
    confused = sorted((pair for aspect in missed for pair in aspect.confusions), key=lambda pair: -pair.pairs)
    if confused:
        lines += ["what the guideline should settle:", *(f"  {hint(pair, scheme)}" for pair in confused[:_SHOWN])]
    if again:
        worst = ", ".join(f"{document} ({reason})" for document, reason in list(again.items())[:_SHOWN])
        lines.append(f"the next annotation round, {len(again)} documents, is in {' and '.join(map(str, written))}")
        lines.append(f"  first come {worst}")
    todo = ["settle the guideline"] if confused else []
    todo += ["let two or more annotators label the next round by it"] if again else []
    if any(aspect.items < gate.items for aspect in missed):
        todo.append(f"let two or more annotators label further documents, until {gate.items} are labelled twice")
    todo += ["add their export to domain.annotation.exports", "run again: the newest labels of each annotator count"]
    lines.append(f"what to do: {'; '.join(todo)}")
    return "\n".join(lines)


def _shown(number: float | None) -> str:
    return "undefined" if number is None else f"{number:.2f}"
