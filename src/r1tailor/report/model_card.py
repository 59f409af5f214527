"""The model card of a version in Hugging Face's form: YAML that their hub reads, then what a reader asks first."""

from collections.abc import Mapping
from typing import Any

import yaml

from r1tailor.report import headline
from r1tailor.report.attacked import attacked
from r1tailor.report.evidence import cell_text
from r1tailor.report.finished import Finished
from r1tailor.report.page import told
from r1tailor.report.texts import Texts
from r1tailor.sources.permissions import not_passed_on


def card(found: Finished, t: Texts) -> str:
    """Return the card of a run as Markdown with its YAML head."""
    person = f"*{t('a person must write this')}*"
    settings = found.settings
    sections = [
        f"# {cell_text(settings.domain.title)}",
        "\n".join(f"- {cell_text(sentence)}" for sentence in told(found.metrics, t)),
        f"## {t('Intended use')}\n\n{person}",
        f"## {t('Base against tuned')}\n\n{_table(found, t)}",
        f"## {t('Goals')}\n\n{_goals(found, t)}",
        f"## {t('Red team')}\n\n{_attacked(found, t)}",
        f"## {t('Data')}\n\n{_data(found, t)}",
        f"## {t('Training')}\n\n{_training(found)}",
        f"## {t('Limitations and foreseeable misuse')}\n\n{person}",
        f"## {t('Use')}\n\n```bash\n{_commands(settings.domain.name)}\n```",
        t("Evidence by item, hashes and sign-off: EVIDENCE.md and SHA256SUMS next to this file."),
    ]
    return f"---\n{_head(found)}---\n\n" + "\n\n".join(section for section in sections if section) + "\n"


def _commands(domain: str) -> str:
    return f'r1tailor ask {domain} "..."\nr1tailor serve {domain}'


def _head(found: Finished) -> str:
    settings = found.settings
    values: dict[str, Any] = {
        "language": [settings.domain.language],
        "license": settings.model.licence.lower(),
        "base_model": settings.model.name,
        "library_name": "peft" if found.facts["model"].get("kind") == "adapter" else "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["r1-tailor", settings.domain.name, settings.strategy.kind],
        "model-index": [{"name": settings.domain.name, "results": _results(found)}],
    }
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=1000)


def _results(found: Finished) -> list[dict[str, Any]]:
    models = found.metrics["models"]["tuned"]
    names = [name for name in headline.chosen(found.metrics, found.goals) if name in models]
    metrics = [{"type": name, "name": name, "value": models[name]["value"]} for name in names]
    dataset = {"name": found.settings.domain.title, "type": found.settings.domain.name, "split": "test"}
    return [{"task": {"type": "text-generation"}, "dataset": dataset, "metrics": metrics}]


def _table(found: Finished, t: Texts) -> str:
    rows = headline.rows(found.metrics, headline.chosen(found.metrics, found.goals), t)
    head = f"| {t('metric')} | {t('base')} | {t('tuned')} | {t('difference')} |\n|---|---|---|---|"
    return "\n".join([head, *(f"| {row.metric} | {row.base} | {row.tuned} | {row.difference} |" for row in rows)])


def _goals(found: Finished, t: Texts) -> str:
    if not found.goals:
        return f"{t('This domain sets no goals')}{t.stop}"
    return "\n".join(
        f"- {goal.metric} {goal.threshold}: {headline.number(goal.value)}, {t('met') if goal.met else t('missed')}"
        f"{f'; {cell_text(t.of(goal.remark))}' if goal.remark else ''}. {cell_text(goal.why)}"
        for goal in found.goals
    )


def _attacked(found: Finished, t: Texts) -> str:
    shown = attacked(found.attacked, found.attacks, t)
    return f"{shown.sentence}{t.stop}" if shown else f"{t('No red team was composed')}{t.stop}"


def _source(one: Mapping[str, Any], t: Texts) -> str:
    documents = t("{n} documents", n=one.get("documents", 0))
    return f"- {cell_text(one['name'])}: {documents}, {cell_text(one.get('licence', ''))}"


def _data(found: Finished, t: Texts) -> str:
    lines = [_source(one, t) for one in found.facts["provenance"]]
    parts = ", ".join(f"{t(name)} {count:,}" for name, count in found.facts["examples"]["examples"].items())
    kept = not_passed_on(found.settings.domain.sources)
    return "\n".join(
        [*lines, f"- {t('examples')}: {parts}", *(f"- {t('may not be passed on')}: {name}" for name in kept)]
    )


def _training(found: Finished) -> str:
    training, settings = found.facts["training"], found.settings
    keys = ("steps", "examples_seen", "supervised_tokens", "precision", "best_validation_loss", "seconds")
    lines = [f"- {key}: {training[key]}" for key in keys if key in training]
    return "\n".join([f"- {settings.strategy.kind}, {settings.objective.kind}, seed {settings.seed}", *lines])
