"""The references that are generated from the code when the documentation is built (a hook of MkDocs)."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from r1tailor import options, overrides, reference
from r1tailor.corpus.privacy.tagger_zh import frequency
from r1tailor.domain.declaration import Declaration, ScoredMetric, declarations
from r1tailor.domain.named_metrics import NAMED
from r1tailor.reference import Setting
from r1tailor.schema.base import Section
from r1tailor.schema.settings import Settings

_LONGEST_VALUE = 40  # characters
_MOST_VALUES = 4  # different values of the options of a group, side by side in a cell


_JUDGED = {
    "proportion": "0 or 1 per item; Wilson interval, McNemar's exact test",
    "mean": "between 0 and 1 per item; bootstrap interval, permutation test",
    "corpus": "over all items at once; bootstrap interval",
}
_options = cache(options.options)
_shipped = cache(options.shipped)


def on_startup(**_: Any) -> None:  # noqa: ANN401
    """Load jieba's dictionary, which the search index asks for, without its cache in the shared temporary folder."""
    frequency("")


def on_page_markdown(markdown: str, **_: Any) -> str:  # noqa: ANN401
    """Fill in the generated parts of a page."""
    return markdown.replace("<!-- settings -->", settings_page()).replace("<!-- metrics -->", metrics_page())


def settings_page() -> str:
    """Return every setting there is, section by section, as Markdown."""
    declarations()  # every kind of domain has its settings
    top = list(reference.settings_of(Settings))
    plain = [setting for setting in top if not setting.sections]
    parts = [_table(plain, ""), *(_section(setting) for setting in top if setting.sections)]
    return "\n\n".join(parts)


def _section(setting: Setting) -> str:
    """Return one part of the composition with everything below it."""
    lines = [f"## `{setting.key}`", setting.description]
    listed_options = _options(setting.key) if setting.key in overrides.GROUPS else {}
    if listed_options:
        listed = [f"| `{setting.key}={name}` | {_cell(_title(option))} |" for name, option in listed_options.items()]
        lines.append("\n".join(["| option | what it is |", "|---|---|", *listed]))
    return "\n\n".join([*lines, *_kinds(setting.sections, setting.key, 3)])


def _kinds(sections: tuple[type[Section], ...], key: str, level: int) -> Iterator[str]:
    """Yield the tables of a section: what all of its kinds have, then what each kind adds."""
    shared = _shared(sections, key) if len(sections) > 1 else []
    if shared:
        yield _table([s for s in reference.settings_of(sections[0], key) if s.key in shared], key)
        for setting in reference.settings_of(sections[0], key):
            if setting.key in shared:
                yield from _below(setting, level)
    for section in sections:
        kind = reference.kind_of(section)
        own = [setting for setting in reference.settings_of(section, key) if setting.key not in shared]
        if kind:
            yield f"{'#' * level} `{key}`, `kind: {kind}`"
            yield reference.summary(section)
        if own:
            yield _table(own, key)
        for setting in own:
            yield from _below(setting, level + bool(kind))


def _below(setting: Setting, level: int) -> Iterator[str]:
    """Yield the sections that stand below a setting."""
    if setting.sections:
        yield f"{'#' * min(level, 6)} `{setting.key}`"
        yield from _kinds(setting.sections, setting.key, level + 1)


def _shared(sections: tuple[type[Section], ...], key: str) -> list[str]:
    """Return the settings that all kinds of a section have, with the same meaning and limits."""
    first, *others = [{setting.key: setting for setting in reference.settings_of(section, key)} for section in sections]
    return [name for name, setting in first.items() if all(other.get(name) == setting for other in others)]


def _table(settings: list[Setting], key: str) -> str:
    group = key.partition(".")[0]
    cells = [(s.description, s.allowed, _values(group, s)) for s in settings]
    rows = [f"| `{s.key}` | {' | '.join(map(_cell, found))} |" for s, found in zip(settings, cells, strict=True)]
    return "\n".join(["| setting | what it does | allowed | in `conf/` |", "|---|---|---|---|", *rows])


def _values(group: str, setting: Setting) -> str:
    """Return what ``conf/`` sets: one value, or one for each option of the group; nothing where too many differ."""
    below = setting.key.partition(".")[2]
    if group == "domain":  # every domain is its own
        return ""
    if group not in overrides.GROUPS:
        return _shown(options.value_at(_shipped().values, setting.key))
    found = {name: _shown(options.value_at(option.values, below)) for name, option in _options(group).items()}
    found = {name: value for name, value in found.items() if value}
    by_value: dict[str, list[str]] = {}
    for name, value in found.items():
        by_value.setdefault(value, []).append(name)
    if len(by_value) == 1:
        return next(iter(by_value))
    several = [f"{value} ({', '.join(names)})" for value, names in by_value.items()]
    return "; ".join(several) if len(several) <= _MOST_VALUES else "differs between the options"


def _shown(found: Any) -> str:  # noqa: ANN401
    if (
        found is None
        or isinstance(found[0], dict)
        or (isinstance(found[0], list) and any(isinstance(v, dict) for v in found[0]))
    ):
        return ""
    text = found[0] if isinstance(found[0], str) else json.dumps(found[0], ensure_ascii=False)
    return f"`{text}`" if len(text) <= _LONGEST_VALUE else ""


def _title(option: options.Option) -> str:
    return str(option.values.get("title", option.comment))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def metrics_page() -> str:
    """Return every metric, those by name first, then kind of domain by kind of domain, as Markdown."""
    heading = "## By name: `domain.task.metrics`\n\nAny domain measures these, where its task names them."
    return "\n\n".join([heading, _rows(NAMED), *map(_declared, declarations())])


def _declared(kind: Declaration) -> str:
    """Return the metrics that one kind of domain declares."""
    return f"## `domain.kind: {kind.kind}`\n\n{reference.summary(kind.section)}\n\n{_rows(kind.metrics)}"


def _rows(metrics: Sequence[ScoredMetric]) -> str:
    rows = [f"| `{metric.name}` | {metric.description} | {_judged(metric)} |" for metric in metrics]
    return "\n".join(["| metric | what it measures | how it is judged |", "|---|---|---|", *rows])


def _judged(metric: ScoredMetric) -> str:
    ranked = f"; also against the base model's `{metric.ranked}`" if metric.ranked else ""
    constant = "; baseline: the majority answer" if metric.constant_answer else ""
    return f"{_JUDGED[metric.kind]}{constant}{ranked}"
