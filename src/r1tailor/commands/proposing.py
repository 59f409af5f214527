"""What ``r1tailor propose`` does: tries a draft on the real stages, tells what was found, keeps the YAML."""

import contextlib
import difflib
import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from r1tailor import config, stages, store
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.proposal import draft as drafts
from r1tailor.proposal import reasons, yaml_text
from r1tailor.proposal.draft import KEY, Draft
from r1tailor.proposal.opened import opened, settled
from r1tailor.proposal.tongue import Decision
from r1tailor.proposal.wishes import Asker, Wishes
from r1tailor.records import Example, read_documents
from r1tailor.schema.settings import Settings

_SHARES = ((0.1, 0.2), (0.05, 0.1), (0.2, 0.3), (0.25, 0.35), (0.3, 0.4), (0.0, 0.5), (0.0, 0.3))
_LARGE = 5_000  # records, from which smaller shares are enough


def propose(place: str, wishes: Wishes, query: str = "", *, silent: bool = False) -> None:
    """Look at a place, print what is proposed for it, and write the domain.

    Args:
        place: a file, a folder or the URL of a database.
        wishes: what the person said beforehand.
        query: of a database.
        silent: ask nothing.

    Raises:
        UserError: there is nothing that can be read, or a column that was named is not there.
    """
    ask = Asker(silent=silent)
    draft = opened(place, wishes, ask, query)
    if draft.close:
        _settings(draft)
        _tell_market(draft)
        _keep(_text(draft, place), draft)
        return
    with _key(), tempfile.TemporaryDirectory(prefix="r1tailor-propose-") as folder:
        tried = _tried(draft, ask, RunFolder(Path(folder)))
    _tell(tried)
    _keep(_text(tried.draft, place), tried.draft)


def _text(draft: Draft, place: str) -> str:
    values, comments = drafts.values(draft, config.ROOT), reasons.comments(draft)
    return yaml_text.text(values, comments, reasons.header(draft, place), drafts.defaults(draft))


@dataclass(frozen=True)
class _Tried:
    """A draft whose examples were made.

    Attributes:
        draft: with the shares that leave no part empty.
        settings: its composition; None where it does not compose.
        parts: its examples; empty where none could be made.
        notes: what was found out on the way.
    """

    draft: Draft
    settings: Settings
    parts: dict[str, list[Example]]
    notes: tuple[Decision, ...]


def _tried(draft: Draft, ask: Asker, run: RunFolder) -> _Tried:
    """Return a draft whose documents were read, cleaned and split as the stages do it."""
    _quietly(stages.collect, _settings(draft), run)
    documents = list(read_documents(run.collected))
    draft = settled(draft, documents, ask)
    settings, draft, notes = _cleaned(draft, run)
    _quietly(stages.annotate, settings, run)
    if draft.way == "annotate":
        return _Tried(draft, settings, {}, notes)
    tried = _split(draft, run, len(documents))
    return replace(tried, notes=(*notes, *tried.notes, *_provenance(draft, run)))


def _cleaned(draft: Draft, run: RunFolder) -> tuple[Settings, Draft, tuple[Decision, ...]]:
    """Clean the documents; where the gate of the preset lets them not pass, treat them all the same and say so."""
    settings = _settings(draft)
    try:
        _quietly(stages.clean, settings, run)
    except DataError as refused:
        if settings.domain.compliance == "none":
            raise
        draft = replace(draft, gated=False)
        settings = _settings(draft)
        _quietly(stages.clean, settings, run)
        return settings, draft, (Decision(draft.say("gate", "关口"), "compliance: none", str(refused)),)
    return settings, draft, ()


def _split(draft: Draft, run: RunFolder, documents: int) -> _Tried:
    """Return the first shares that leave no part empty."""
    offered = _SHARES[1:] if documents >= _LARGE else _SHARES
    refused = ""
    for shares in offered:
        draft = replace(draft, shares=shares)
        settings = _settings(draft)
        try:
            _quietly(stages.instruct, settings, run)
        except DataError as error:
            refused = refused or str(error)
            continue
        return _Tried(draft, settings, run.parts(), tuple(_removed(draft, run)))
    draft = replace(draft, shares=offered[0])
    return _Tried(draft, _settings(draft), {}, (Decision(draft.say("not trainable", "无法训练"), refused),))


def _removed(draft: Draft, run: RunFolder) -> Iterator[Decision]:
    report, say = store.read_json(run.examples / "report.json"), draft.say
    if count := report["exact_duplicates_removed"]:
        yield Decision(say("duplicates", "重复"), say(f"{count:,} removed", f"去掉 {count:,} 条"))
    removed = len(report["contamination"]["removed_from_train"])
    if removed:
        yield Decision(say("leaks", "泄漏"), say(f"{removed:,} removed from train", f"从训练集去掉 {removed:,} 条"))
    for reason, ids in report["left_out"].items():
        yield Decision(say("left out", "未用"), f"{len(ids):,}", reason)


def _provenance(draft: Draft, run: RunFolder) -> Iterator[Decision]:
    rejected = [one for source in store.read_json(run.provenance) for one in source["rejected"]]
    if rejected:
        first = "; ".join(f"{one['position'] or one['file']}: {one['reason']}" for one in rejected[:3])
        shown = draft.say(f"{len(rejected):,} records", f"{len(rejected):,} 条")
        yield Decision(draft.say("rejected", "拒收"), shown, first)


def _settings(draft: Draft) -> Settings:
    values = yaml.safe_load(yaml_text.text(drafts.values(draft, config.ROOT), {}))
    composition, choices = config.composed_with({"domain": drafts.option(draft)}, {"domain": values})
    return config.validated(composition, choices | {"domain": draft.name})  # the file that it will be


def _quietly(stage: Any, settings: Settings, run: RunFolder) -> None:  # noqa: ANN401
    with contextlib.redirect_stdout(io.StringIO()):
        stage(settings, run)


@contextlib.contextmanager
def _key() -> Iterator[None]:
    """Give the trial a key of its own where none is set; nothing that is written with it is kept."""
    if KEY in os.environ or f"{KEY}_FILE" in os.environ:
        yield
        return
    os.environ[KEY] = os.urandom(16).hex()
    try:
        yield
    finally:
        del os.environ[KEY]


def _tell(tried: _Tried) -> None:
    from r1tailor.proposal.advice import advise, shown_by

    draft, say = tried.draft, tried.draft.say
    print(say("what was found, and what is proposed for it:", "看到的内容与相应的建议："))
    for decision in (*reasons.decisions(draft), *tried.notes):
        print(decision)
    if not tried.parts:
        return
    counts = ", ".join(f"{name} {len(members):,}" for name, members in tried.parts.items())
    print(Decision(say("examples", "样本"), counts))
    goal = drafts.values(draft, config.ROOT)["goals"][0]
    threshold = goal.get("at_least", goal.get("at_most"))
    print(shown_by(len(tried.parts["test"]), goal["metric"], threshold, say))
    advice = advise(tried.settings, tried.parts["train"], config.ROOT, say)
    for decision in advice.decisions:
        print(decision)
    needs_key = drafts.preset(draft) in ("hipaa", "pipl")
    print(say("next:", "下一步："))
    if needs_key:
        print(f'  export {KEY}="$(openssl rand -hex 32)"')
    print(f"  python train.py --config-name=debug domain={draft.name}")
    print(f"  python train.py {' '.join([f'domain={draft.name}', *advice.overrides])}")


def _tell_market(draft: Draft) -> None:
    say = draft.say
    print(say("what was found, and what is proposed for it:", "看到的内容与相应的建议："))
    for decision in reasons.decisions(draft):
        print(decision)
    print(say("next:", "下一步："))
    print(f"  r1tailor market backfill domain={draft.name}")
    print(f"  python train.py --config-name=debug domain={draft.name}")
    print(f"  python train.py domain={draft.name}")


def _keep(text: str, draft: Draft) -> None:
    """Write the domain, unless one of its name is there: then show what would change."""
    path = config.CONF / "domain" / f"{draft.name}.yaml"
    shown = path.relative_to(config.ROOT) if path.is_relative_to(config.ROOT) else path
    if not path.exists():
        store.write_text(path, text)
        print(draft.say(f"written: {shown}", f"已写入：{shown}"))
        return
    before = path.read_text(encoding="utf-8")
    if before == text:
        print(draft.say(f"{shown} is what is proposed already", f"{shown} 与建议一致"))
        return
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), str(shown), "proposed", lineterm="", n=1)
    print("\n".join(lines))
    print(
        draft.say(
            f"{shown} is there and stays as it is; --name gives the proposal another name",
            f"{shown} 已存在，保持不变；用 --name 另取名称",
        )
    )
