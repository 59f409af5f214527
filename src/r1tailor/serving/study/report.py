"""The report of a study: one self-contained HTML page, and the same figures as JSON."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader

from r1tailor.errors import UserError
from r1tailor.serving.study.folder import Study
from r1tailor.serving.study.statistics import Rated, preferences, statistics
from r1tailor.serving.study.verdict import Verdict, judge
from r1tailor.serving.study.votes import REASONS

_RULES = {"confidence sequence": "stopped early by the confidence sequence", "sign test": "sign test at the planned n"}


def verdict_of(study: Study, rated: list[Rated]) -> Verdict:
    """Return what may be concluded now."""
    plan = study.plan
    first = [one for one in rated if not one.trial.repeat]
    return judge(preferences(first, (plan.raters, plan.items)), plan.confidence, ended=study.ended)


def figures(study: Study) -> dict[str, Any]:
    """Return plan, conclusion and statistics as plain values; NaN is None.

    Raises:
        UserError: the study is open and its sequence has not decided: figures that are looked at early mislead.
    """
    rated = study.rated()
    verdict = verdict_of(study, rated)
    if verdict.rule == "none yet":
        done, total = (sum(column) for column in zip(*study.progress(), strict=True))
        raise UserError(
            f"study {study.plan.name} is open ({done} of {total} pages): looked at early, figures mislead. "
            f"Wait, or close it: r1tailor study close {study.plan.name}"
        )
    plan = study.plan
    found = statistics(
        rated, (plan.raters, plan.items), _longer(study), plan.resamples, plan.confidence, plan.seed % 2**32
    )
    stand = study.standing()
    return {
        "plan": plan.as_json(),
        "closed": stand.closed,
        "votes": len(rated),
        "verdict": asdict(verdict) | {"text": sentence(study, verdict)},
        "statistics": _plain(asdict(found)),
        "reasons": _reasons(study),
        "comments": [
            {"item": study.items[study.draw[rater][page].item].id, "rater": rater + 1, "comment": vote.comment}
            for (rater, page), vote in sorted(stand.votes.items())
            if vote.comment
        ],
    }


def sentence(study: Study, verdict: Verdict) -> str:
    """Return the conclusion in words."""
    plan = study.plan
    if verdict.winner is not None:
        return f"{plan.subjects[verdict.winner]} is preferred ({_RULES[verdict.rule]})"
    if verdict.rule == "sign test":
        return f"no preference is shown (sign test at the planned n of {plan.items} items)"
    return (
        f"no preference is shown: the study was closed when {verdict.seen} of {plan.items} planned items had a vote, "
        "and the confidence sequence contains 0"
    )


def page(study: Study, found: dict[str, Any]) -> str:
    """Return the HTML page of ``figures``; it needs no network and no other file."""
    folders = [PackageLoader("r1tailor", folder) for folder in ("serving/templates", "report")]
    environment = Environment(loader=ChoiceLoader(folders), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("study_report.html.j2").render(
        found=found,
        lines=study.plan.lines()[1:],
        rows=list(rows(study.plan.subjects, found)),
        reasons=REASONS,
    )


def rows(subjects: tuple[str, str], found: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (figure, value with its interval, what it means) of each statistic."""
    first, second = subjects
    values = found["statistics"]
    yield (
        f"net preference for {second}",
        _shown(values["net"], "+.3f"),
        "mean over items, -1 to 1; bootstrap over raters and items",
    )
    yield (
        "items",
        f"{values['wins']} for {second}, {values['losses']} for {first}, {values['ties']} tied",
        f"two-sided exact sign test on the items without a tie: p = {values['p']:.3g}",
    )
    for name, value in zip((first, second, f"{second} - {first}"), values["satisfaction"], strict=True):
        yield f"satisfaction: {name}", _shown(value, ".2f"), "1 (not at all) to 5 (very); mean over items"
    yield "Krippendorff's alpha", _shown(values["alpha"], ".3f"), "agreement of raters on the preference (ordinal)"
    yield "flip rate", _shown(values["flips"], ".3f"), "repeats whose preference is not that of the first time"
    yield (
        "first-shown rate",
        _shown(values["first_shown"], ".3f"),
        "preferences for answer A; 0.5 without a bias",
    )
    yield "longer-answer rate", _shown(values["longer"], ".3f"), "preferences for the longer answer"


def _shown(value: dict[str, Any], form: str) -> str:
    if value["value"] is None:
        return "not defined"
    ends = "" if value["low"] is None else f" [{value['low']:{form}}, {value['high']:{form}}]"
    return f"{value['value']:{form}}{ends}, n = {value['n']}"


def _longer(study: Study) -> list[int]:
    lengths = [[len(answer) for answer in item.answers] for item in study.items]
    return [(second > first) - (second < first) for first, second in lengths]


def _reasons(study: Study) -> dict[str, dict[str, int]]:
    """Return how often each reason was given for each subject."""
    counted: dict[str, dict[str, int]] = {subject: {} for subject in study.plan.subjects}
    for (rater, page_), vote in study.standing().votes.items():
        preference = Rated(rater, study.draw[rater][page_], vote.choice).preference
        if preference:
            of_subject = counted[study.plan.subjects[int(preference > 0)]]
            for reason in vote.reasons:
                of_subject[reason] = of_subject.get(reason, 0) + 1
    return counted


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
