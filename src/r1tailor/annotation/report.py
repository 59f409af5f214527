"""The result of annotation for the report and for the terminal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from r1tailor.annotation.adjudicate import Adjudicated
from r1tailor.annotation.agreement import Agreement
from r1tailor.annotation.gate import hint, misses
from r1tailor.records import Annotation
from r1tailor.schema.annotation import Annotation as AnnotationSettings
from r1tailor.schema.annotation import OwnScheme

_CONFUSIONS = 20


def report(
    settings: AnnotationSettings,
    scheme: OwnScheme,
    found: Sequence[Annotation],
    agreements: Sequence[Agreement],
    decided: Sequence[Adjudicated],
) -> dict[str, Any]:
    """Return the report as plain JSON values: votes, agreement on each aspect, decisions by rule."""
    accepted = [vote for vote in found if not vote.cancelled]
    counting = sum(len(one.votes) for one in decided)
    return {
        "exports": len(settings.exports),
        "annotations": len(found),
        "cancelled": len(found) - len(accepted),
        "superseded": len(accepted) - counting,
        "votes_by_annotator": dict(sorted(Counter(vote.annotator for one in decided for vote in one.votes).items())),
        "documents": len(decided),
        "labelled_twice_or_more": sum(len(one.votes) > 1 for one in decided),
        "agreement": [_agreement(settings, scheme, aspect) for aspect in agreements],
        "rules": {
            aspect: dict(Counter(one.rules[aspect] for one in decided if aspect in one.rules))
            for aspect in _aspects(decided)
        },
        "undecided": [one.document for one in decided if one.undecided],
    }


def summary(agreements: Sequence[Agreement], decided: Sequence[Adjudicated]) -> str:
    """Return one sentence: how many documents have gold labels, and the agreement."""
    kappas = [f"{a.aspect} {a.coefficient} {a.kappa:.2f}" for a in agreements if a.kappa is not None]
    undecided = sum(one.undecided for one in decided)
    waiting = f", {undecided:,} wait for an adjudicator" if undecided else ""
    return f"gold labels for {len(decided):,} documents{waiting}; {', '.join(kappas) or 'agreement is undefined'}"


def _agreement(settings: AnnotationSettings, scheme: OwnScheme, found: Agreement) -> dict[str, Any]:
    shown = asdict(found)
    shown["disagreement"] = {document: share for document, share in found.disagreement.items() if share > 0}
    shown["confusions"] = [asdict(pair) | {"hint": hint(pair, scheme)} for pair in found.confusions[:_CONFUSIONS]]
    return shown | {"misses": misses(found, settings.gate)}


def _aspects(decided: Sequence[Adjudicated]) -> list[str]:
    return list(dict.fromkeys(aspect for one in decided for aspect in one.rules))
