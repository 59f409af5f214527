"""A draft is tried on the real stages, in a folder that is removed: its material is read, cleaned and split."""

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from r1tailor import config, stages, store
from r1tailor.document_files import read_documents
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.proposal import yaml_text
from r1tailor.proposal.draft import KEY, Draft, defaults, option
from r1tailor.proposal.opened import settled
from r1tailor.proposal.tongue import Decision
from r1tailor.proposal.values import divided_by, values
from r1tailor.proposal.wishes import Asker
from r1tailor.records import Document, Example
from r1tailor.schema.settings import Settings

MOST = 4_000  # documents that are tried: their comparison with each other takes seconds
_SHARES = (
    *((0.1, 0.2), (0.05, 0.1), (0.2, 0.3), (0.25, 0.35), (0.3, 0.4), (0.0, 0.5), (0.0, 0.3)),
    *((0.0, share / 20) for share in (14, 4, 16, 2, 18, 12, 8, 15, 17, 13)),  # of a handful, whichever divides them
)
_LARGE = 5_000  # records, from which smaller shares are enough
_FEW_TEXTS = 20  # documents, below which continued pre-training reads pieces of them
_PIECE, _LEAST_PIECE = 2_000, 20  # characters of a piece
_MOST_LEAKS = 0.2  # of train, above which the texts follow a template
_TEMPLATED = (
    "many texts differ in a few words; if each is a case of its own, set split.similarity and "
    "split.leaks.containment to 1.0, and read the score as one on cases of the same template",
    "许多文本只差几个词；若各为独立个案，可将 split.similarity 与 split.leaks.containment 设为 1.0，"
    "此时得分只说明同一模板内的表现",
)


@dataclass(frozen=True)
class Tried:
    """A draft whose examples were made.

    Attributes:
        draft: with the shares that leave no part empty.
        settings: its composition.
        parts: its examples; empty where people have to label the documents first.
        notes: what was found out on the way.
        times: how many times as many records there are as were tried.
    """

    draft: Draft
    settings: Settings
    parts: dict[str, list[Example]]
    notes: tuple[Decision, ...]
    times: int = 1


def tried(draft: Draft, ask: Asker, run: RunFolder) -> Tried:
    """Return a draft whose documents were read, cleaned and split as the stages do it.

    Raises:
        DataError: nothing can be read, or no shares leave something to train on and to test with.
    """
    _quietly(stages.collect, settings_of(draft), run, MOST)
    documents = list(read_documents(run.collected))
    draft = settled(draft, documents, ask)
    if draft.way == "text" and len(documents) < _FEW_TEXTS:
        draft = replace(draft, passage=_piece(documents))
    settings, draft, notes = _cleaned(draft, run)
    _quietly(stages.annotate, settings, run)
    notes = (*notes, *_provenance(draft, run))
    if draft.way == "annotate":
        return Tried(draft, settings, {}, notes)
    found = _split(draft, run, len(documents))
    times, capped = _times(draft, len(documents))
    return replace(found, notes=(*capped, *notes, *found.notes), times=times)


def _piece(documents: list[Document]) -> int:
    """Return the length of a piece with which a few documents have enough parts to hold some out."""
    whole = sum(len(document.text) for document in documents)
    return max(_LEAST_PIECE, min(_PIECE, whole // _FEW_TEXTS))


def _times(draft: Draft, documents: int) -> tuple[int, tuple[Decision, ...]]:
    if documents < MOST:
        return 1, ()
    total, say = max(draft.looked.total, documents), draft.say
    shown = say(f"the first {documents:,} of about {total:,} records", f"约 {total:,} 条中的前 {documents:,} 条")
    why = say("the counts below are theirs; a run reads all", "以下数目仅就这些；运行时读取全部")
    return max(1, round(total / documents)), (Decision(say("tried on", "试算范围"), shown, why),)


def _cleaned(draft: Draft, run: RunFolder) -> tuple[Settings, Draft, tuple[Decision, ...]]:
    """Clean the documents; where the gate of the preset lets them not pass, treat them all the same and say so."""
    settings = settings_of(draft)
    try:
        _quietly(stages.clean, settings, run)
    except DataError as refused:
        if settings.domain.compliance == "none":
            raise
        draft = replace(draft, gated=False)
        settings = settings_of(draft)
        _quietly(stages.clean, settings, run)
        return settings, draft, (Decision(draft.say("gate", "关口"), "compliance: none", str(refused)),)
    return settings, draft, ()


def _split(draft: Draft, run: RunFolder, documents: int) -> Tried:
    """Return the draft with the first shares that leave no part empty; not in time, where that leaves half or less.

    Raises:
        DataError: no shares do.
    """
    if divided_by(draft) != "time":
        return _shared(draft, run, documents)
    with contextlib.suppress(DataError):
        found = _shared(draft, run, documents)
        if 2 * len(found.parts["train"]) > documents:
            return found
    say = draft.say
    why = say(
        "in time, most would be left out: near-identical ones stand in later parts", "按时间划分会舍弃大半近似记录"
    )
    found = _shared(replace(draft, by="similarity"), run, documents)
    return replace(found, notes=(Decision(say("not in time", "不按时间"), "by: similarity", why), *found.notes))


def _shared(draft: Draft, run: RunFolder, documents: int) -> Tried:
    """Return the first shares that leave no part empty.

    Raises:
        DataError: none does.
    """
    refused: DataError | None = None
    for shares in _SHARES[1:] if max(documents, draft.looked.total) >= _LARGE else _SHARES:
        draft = replace(draft, shares=shares)
        settings = settings_of(draft)
        try:
            _quietly(stages.instruct, settings, run)
        except DataError as error:
            refused = refused or error
            continue
        return Tried(draft, settings, run.parts(), tuple(_removed(draft, run)))
    assert refused is not None
    raise DataError(
        f"{draft.looked.place}: no domain of its own: {str(refused).removeprefix(f'domain {draft.name}: ')}"
    )


def _removed(draft: Draft, run: RunFolder) -> Iterator[Decision]:
    report, say = store.read_json(run.examples / "report.json"), draft.say
    if count := report["exact_duplicates_removed"]:
        yield Decision(say("duplicates", "重复"), say(f"{count:,} removed", f"去掉 {count:,} 条"))
    if removed := len(report["contamination"]["removed_from_train"]):
        share = removed / (removed + report["examples"]["train"])
        shown = say(f"{removed:,} removed from train ({share:.0%})", f"从训练集去掉 {removed:,} 条（{share:.0%}）")
        yield Decision(say("leaks", "泄漏"), shown, say(*_TEMPLATED) if share > _MOST_LEAKS else "")
    for reason, ids in report["left_out"].items():
        yield Decision(say("left out", "未用"), f"{len(ids):,}", reason)


def _provenance(draft: Draft, run: RunFolder) -> Iterator[Decision]:
    if rejected := _rejected(run):
        shown = draft.say(f"{len(rejected):,} records", f"{len(rejected):,} 条")
        yield Decision(draft.say("rejected", "拒收"), shown, "; ".join(rejected[:3]))


def _rejected(run: RunFolder) -> list[str]:
    found = [one for source in store.read_json(run.provenance) for one in source["rejected"]]
    return [f"{one['position'] or one['file']}: {one['reason']}" for one in found]


def settings_of(draft: Draft, strategy: str = "lora") -> Settings:
    """Return the composition that a draft becomes.

    Raises:
        ConfigError: a value that a person gave is none that is allowed.
    """
    proposed = yaml.safe_load(yaml_text.text(values(draft, config.ROOT), {}))
    composition, choices = config.composed_with({"domain": option(draft), "strategy": strategy}, {"domain": proposed})
    return config.validated(composition, choices | {"domain": draft.name})  # the file that it will be


def written(draft: Draft, comments: dict[str, str], header: str) -> str:
    """Return the YAML of a draft."""
    return yaml_text.text(values(draft, config.ROOT), comments, header, defaults(draft))


def _quietly(stage: Any, *arguments: Any) -> None:  # noqa: ANN401
    with contextlib.redirect_stdout(io.StringIO()):
        stage(*arguments)


@contextlib.contextmanager
def key_of_its_own() -> Iterator[None]:
    """Give the trial a key of its own where none is set, always the same one, so that a second run finds the same.

    It need not be secret: nothing that is written with it is kept.
    """
    if KEY in os.environ or f"{KEY}_FILE" in os.environ:
        yield
        return
    os.environ[KEY] = "the trial of propose, of which nothing is kept"
    try:
        yield
    finally:
        del os.environ[KEY]
