"""Feedback at rest: records and decisions on an append-only, hash-chained log; their texts in files of their own.

::

    outputs/serving/feedback/<domain>/log.jsonl         who, when, which version, what was decided; hashes of texts
    outputs/serving/feedback/<domain>/texts/<id>.json   prompt, answers, reason of one record, without identifiers
    outputs/serving/feedback/<domain>/texts/<id>.<n>.json   the text and the note of its decision n

Retention removes files of texts; the log stays whole, and says when. A text that was changed does not have its hash any
more and is refused. Everything is its user's alone (0600 in 0700). A copy of the folder is a backup.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from r1tailor import chained, durable, store
from r1tailor.chained import ChainedLog
from r1tailor.errors import DataError, UserError

Thumb = Literal["up", "down", ""]
Said = Literal["accept", "edit", "reject", "second"]
SAID: tuple[Said, ...] = get_args(Said)
CHANGED = "somebody decided in the meantime"
LONGEST = 20_000  # characters of a text
_OWN = 0o600
_ID = 12  # bytes


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one record.

    Attributes:
        prompt: what was asked.
        given: what the model answered; ``reasoning`` is what it thought before.
        corrected: the answer as it should be; empty where the answer was rated only.
        reason: why.
    """

    prompt: str
    given: str
    reasoning: str = ""
    corrected: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer said of a record.

    Attributes:
        number: of the record's decisions, from 0.
        by: the reviewer.
        said: ``accept``, ``edit`` (accepted with changes), ``reject`` or ``second`` (asks for a second opinion).
        at: ISO date and time.
        edit: the text that they accept in the correction's place.
        note: for the other reviewers.
    """

    number: int
    by: str
    said: Said
    at: str
    edit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One piece of feedback.

    Attributes:
        id: not guessable.
        user: who gave it.
        version: which model answered.
        thumb: ``up``, ``down`` or nothing.
        corrects: whether it corrects the answer, or only rates it.
        at: ISO date and time.
        texts: None once retention has removed them.
        decisions: of reviewers, oldest first.
    """

    id: str
    user: str
    version: str
    thumb: Thumb
    corrects: bool
    at: str
    texts: Texts | None
    decisions: tuple[Decision, ...] = ()


class FeedbackLog:
    """The feedback of one domain.

    Args:
        folder: of that domain.
        treat: takes identifiers out of a text before it is kept.
        days: after which texts are removed, looked at once a day; None keeps them.
        now: the clock.
    """

    def __init__(
        self,
        folder: Path,
        treat: Callable[[str], str] = str,
        days: int | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder = folder
        self._days, self._looked = days, ""
        self._treat, self._now = treat, now
        self._log = ChainedLog(folder / "log.jsonl")

    def add(self, texts: Texts, user: str, version: str, thumb: Thumb) -> str:
        """Keep feedback and return its id, once it is durable.

        Raises:
            UserError: it neither corrects nor rates, or a text is too long.
        """
        _refuse(texts, thumb)
        id_ = secrets.token_urlsafe(_ID)
        hashed = self._write(id_, {name: self._treat(text) for name, text in asdict(texts).items()})
        self._append(
            {"action": "feedback", "id": id_, "user": user, "version": version, "thumb": thumb}
            | {"corrects": bool(texts.corrected.strip()), "texts": hashed}
        )
        return id_

    def decide(self, id_: str, by: str, said: Said, seen: int, corrected: str = "", note: str = "") -> None:
        """Keep a reviewer's decision.

        Args:
            id_: of the record.
            by: the reviewer.
            said: what they decided; ``accept`` with another text becomes ``edit``.
            seen: how many decisions there were when they looked.
            corrected: the text they accept.
            note: for the other reviewers.

        Raises:
            UserError: there is no such correction, it is the reviewer's own, its text was removed, or somebody decided
                in the meantime.
        """
        with store.locked(self.folder, 10.0, "try again"):
            found = self.record(id_)
            _refuse_review(found, by, seen)
            corrected, note = corrected.strip(), note.strip()
            if max(len(corrected), len(note)) > LONGEST:
                raise UserError(f"a text is longer than {LONGEST} characters")
            edited = said in ("accept", "edit") and corrected not in ("", accepted_text(found))
            kept: Said = "edit" if edited else "accept" if said == "edit" else said
            texts = {"edit": self._treat(corrected) if edited else "", "note": self._treat(note)}
            hashed = self._write(f"{id_}.{seen}", texts)
            self._append({"action": "decision", "id": id_, "by": by, "said": kept, "texts": hashed})

    def record(self, id_: str) -> Record:
        """Return one record.

        Raises:
            UserError: there is none of this id.
        """
        found = next((record for record in self.records() if record.id == id_), None)
        if found is None:
            raise UserError("there is no feedback of this id")
        return found

    def records(self) -> list[Record]:
        """Return all feedback, oldest first.

        Raises:
            DataError: the log or a text is not what was written.
        """
        lines = list(self._log.entries())
        gone = {id_ for line in lines if line["action"] == "expired" for id_ in line["ids"]}
        known: dict[str, Record] = {}
        for line in lines:
            match line["action"]:
                case "feedback":
                    texts = None if line["id"] in gone else Texts(**self._read(line["id"], line["texts"]))
                    known[line["id"]] = Record(
                        line["id"], line["user"], line["version"], line["thumb"], line["corrects"], line["at"], texts
                    )
                case "decision":
                    known[line["id"]] = self._decided(known[line["id"]], line)
        return list(known.values())

    def keep_retention(self) -> None:
        """Remove what is older than the retention period, once a day."""
        today = self._now().date().isoformat()
        if self._days is not None and self._looked != today:
            self.expire(self._days)
            self._looked = today

    def expire(self, days: int) -> list[str]:
        """Remove the texts of feedback that is older; return its ids. The log says so before a file goes."""
        before = (self._now() - timedelta(days=days)).isoformat(timespec="seconds")
        with store.locked(self.folder, 10.0, "try again"):
            old = [record.id for record in self.records() if record.texts is not None and record.at < before]
            if old:
                self._append({"action": "expired", "ids": old, "days": days})
            self._sweep()
        return old

    def forget(self, ids: Sequence[str]) -> None:
        """Remove the texts of some records for good. The log says so before a file goes."""
        with store.locked(self.folder, 10.0, "try again"):
            kept = [record.id for record in self.records() if record.texts is not None and record.id in ids]
            if kept:
                self._append({"action": "expired", "ids": kept, "days": 0})
            self._sweep()

    def _sweep(self) -> None:
        """Remove the files of texts that are not kept."""
        kept = {record.id for record in self.records() if record.texts is not None}
        for file in sorted((self.folder / "texts").glob("*.json")):
            if file.name.partition(".")[0] not in kept:
                file.unlink()  # also what a crash left between text and log, of which nobody was told

    def verify(self) -> list[str]:
        """Return what was changed, removed or reordered, in words; empty if nothing was."""
        damage = list(chained.verify(self._log.path).damage)
        if not damage:
            try:
                self.records()
            except DataError as error:
                damage.append(str(error))
        return damage

    def _write(self, name: str, texts: Mapping[str, str]) -> str:
        """Write texts and return their hash, which a secret salt keeps from being guessed."""
        place = self.folder / "texts"
        durable.make_folder(place)
        self.folder.chmod(0o700)
        place.chmod(0o700)
        written = json.dumps({**texts, "salt": secrets.token_hex(16)}, ensure_ascii=False, indent=1)
        store.write_text(place / f"{name}.json", written, _OWN)
        return hashlib.sha256(written.encode()).hexdigest()

    def _read(self, name: str, sha256: str) -> dict[str, str]:
        file = self.folder / "texts" / f"{name}.json"
        if not file.is_file():
            raise DataError(f"{file}: it is missing, and no retention removed it")
        written = file.read_bytes()
        if hashlib.sha256(written).hexdigest() != sha256:
            raise DataError(f"{file}: it was changed after it was written")
        return {key: text for key, text in json.loads(written).items() if key != "salt"}

    def _decided(self, record: Record, line: Mapping[str, Any]) -> Record:
        number = len(record.decisions)
        texts = self._read(f"{record.id}.{number}", line["texts"]) if record.texts is not None else {}
        decision = Decision(number, line["by"], line["said"], line["at"], **texts)
        return replace(record, decisions=(*record.decisions, decision))

    def _append(self, line: Mapping[str, Any]) -> None:
        try:
            self._log.append({**line, "at": self._now().isoformat(timespec="seconds")})
        finally:
            self._log.close()


def accepted_text(record: Record) -> str:
    """Return the correction as the newest reviewer who changed it left it; empty once its text was removed."""
    edits = [decision.edit for decision in record.decisions if decision.said == "edit"]
    return edits[-1] if edits else record.texts.corrected if record.texts else ""


def _refuse(texts: Texts, thumb: str) -> None:
    if thumb not in get_args(Thumb):
        raise UserError("thumb: up, down or nothing")
    if not texts.corrected.strip() and not thumb:
        raise UserError("feedback corrects the answer or rates it")
    if texts.corrected.strip() and texts.corrected.strip() == texts.given.strip():
        raise UserError("the correction is the answer as it was given")
    for name, text in asdict(texts).items():
        if len(text) > LONGEST:
            raise UserError(f"{name}: longer than {LONGEST} characters")


def _refuse_review(record: Record, by: str, seen: int) -> None:
    if not record.corrects:
        raise UserError("this feedback rates an answer; there is nothing to review")
    if record.texts is None:
        raise UserError("its text was removed after its retention period")
    if record.user == by:
        raise UserError("a correction is reviewed by somebody else than who made it")
    if seen != len(record.decisions):
        raise UserError(CHANGED)
