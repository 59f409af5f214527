"""What is measured of a market beyond its answers: warnings and portfolio, of one split and of all folds together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from r1tailor import config
from r1tailor.domain import Domain, open_domain
from r1tailor.domain.finance.variants import text_name
from r1tailor.evaluation.market import report
from r1tailor.evaluation.market.charts import write_page
from r1tailor.evaluation.market.decisions import Decisions, asked, decide, joined
from r1tailor.evaluation.market.risk_models import TextOnly, model_scores
from r1tailor.evaluation.market.timeline import Market, Timeline, timeline
from r1tailor.evaluation.market.track_record import TrackRecord, track_record
from r1tailor.evaluation.market.walk_forward import folds
from r1tailor.layout import RunFolder
from r1tailor.records import Example
from r1tailor.schema.settings import Settings


def track_records(
    settings: Settings,
    run: RunFolder,
    domain: Domain,
    parts: dict[str, list[Example]],
    metrics: dict[str, Any],
    variants: Mapping[str, Settings],
) -> dict[str, TrackRecord]:
    """Return the record of the split and, if asked for, of all folds together; write them and add them to the metrics.

    Args:
        settings: the composition.
        run: its models, and those of its variants.
        domain: if it is no market, there are no records.
        parts: the examples of the split.
        metrics: of the answers.
        variants: the compositions of the variants, by name.

    Raises:
        ConfigError: the tests of a fold begin after the last example.
    """
    records: dict[str, TrackRecord] = {}
    if isinstance(domain, Market):
        records = _measured(_Run(settings, run, domain, variants), timeline(domain), parts)
    report.add(records, metrics, run.evaluation)
    write_page(records, run.evaluation)
    return records


@dataclass(frozen=True)
class _Run:
    """One run: its composition, its folder, its domain, and the compositions of its variants."""

    settings: Settings
    folder: RunFolder
    domain: Domain
    variants: Mapping[str, Settings]


def _measured(run: _Run, line: Timeline, parts: dict[str, list[Example]]) -> dict[str, TrackRecord]:
    reached = folds(run.settings, line.dates[-1])
    found = {"split": track_record(run.settings, line, _decisions(run, "", line, parts))}
    decided = []
    for fold in reached:
        members = run.folder.variant(fold.name).parts()
        members["test"] = fold.tested(members["test"])
        decided.append(_decisions(run, fold.name, line, members))
    return found | ({"walk_forward": track_record(run.settings, line, joined(decided))} if decided else {})


def _decisions(run: _Run, name: str, line: Timeline, parts: dict[str, list[Example]]) -> Decisions:
    """Return who signals when in the test of the run or, by its name, of a variant."""
    settings = run.variants.get(name, run.settings)
    final, text = settings.curriculum.final, None
    place = run.folder.variant(name) if name else run.folder
    if as_text := run.variants.get(text_name(name)):
        written = open_domain(as_text.domain, run.domain.documents).examples()
        model = run.folder.variant(text_name(name)).phase(final) / "model"
        text = TextOnly(model, {example.id: example for example in written})
    items, model = asked(settings, parts), place.phase(final) / "model"
    return decide(settings, line, parts, model_scores(settings, run.domain, items, model, text, config.ROOT))
