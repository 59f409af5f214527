"""Where a study lies: its plan, items and draw, sealed by the first line of its log; the log of votes.

The links of raters are kept as hashes. Every file is its user's alone (0600): the draw tells the sides.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.chained import ChainedLog
from r1tailor.config_messages import did_you_mean
from r1tailor.errors import DataError, UserError
from r1tailor.serving.study import votes
from r1tailor.serving.study.draw import Trial, draw
from r1tailor.serving.study.plan import Plan
from r1tailor.serving.study.statistics import Rated
from r1tailor.serving.study.subjects import Item
from r1tailor.serving.study.votes import Standing, Vote

_OWN = 0o600
_SEALED = ("plan.json", "items.json", "draw.json")
_STUDIES = "studies"
_TOKEN = 24  # bytes


@dataclass(frozen=True, slots=True)
class Page:
    """The page that a rater is on.

    Attributes:
        number: index among the rater's pages; ``total`` is their number.
        item: what is shown.
        trial: on which sides.
        earlier: the vote that was taken back here; None without one.
    """

    number: int
    total: int
    item: Item
    trial: Trial
    earlier: Vote | None

    @property
    def answers(self) -> tuple[str, str]:
        """Answer A and answer B."""
        first, second = self.item.answers
        return (second, first) if self.trial.swapped else (first, second)


class Study:
    """A study on disk.

    Args:
        folder: of the study.

    Raises:
        DataError: its plan, items or draw are not those that were sealed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = ChainedLog(folder / "votes.jsonl")
        if next(self._log.entries(), {}).get("sealed") != _hashes(folder):
            raise DataError(f"{folder}: the plan, the items or the draw were changed after the study was planned")

    @cached_property
    def plan(self) -> Plan:
        """What was planned."""
        return Plan.of_json(store.read_json(self.folder / "plan.json"))

    @cached_property
    def items(self) -> list[Item]:
        """The items, in the plan's order."""
        read = store.read_json(self.folder / "items.json")
        return [Item(**(value | {"answers": tuple(value["answers"])})) for value in read]

    @cached_property
    def draw(self) -> list[list[Trial]]:
        """The pages of each rater."""
        return [[Trial(**value) for value in pages] for pages in store.read_json(self.folder / "draw.json")]

    def standing(self) -> Standing:
        """Return the votes that stand, and whether the study is closed."""
        return votes.standing(self._log.entries())

    def rater(self, token: str) -> int | None:
        """Return whose link a token is; None if nobody's."""
        return _rater(self.folder, token)

    def page(self, rater: int) -> Page | None:
        """Return the page that a rater is on, the first without a vote; None when all are done or it is closed."""
        now, pages = self.standing(), self.draw[rater]
        number = next((page for page in range(len(pages)) if (rater, page) not in now.votes), None)
        if number is None or now.closed is not None:
            return None
        trial = pages[number]
        return Page(number, len(pages), self.items[trial.item], trial, now.earlier.get((rater, number)))

    def vote(self, rater: int, number: int, vote: Vote) -> bool:
        """Keep a vote once it is durable; False where the rater is on another page: a form that was sent twice."""
        return self._if_on(rater, number, votes.voted(rater, number, vote))

    def undo(self, rater: int, number: int) -> bool:
        """Take back the vote of the page before the one that the rater is on; False where there is none, or closed."""
        return number > 0 and self._if_on(rater, number, votes.taken_back(rater, number - 1))

    def close(self, reason: str) -> None:
        """End the study.

        Raises:
            UserError: it is closed already.
        """
        if self.standing().closed is not None:
            raise UserError(f"study {self.plan.name} is closed already")
        self._append(votes.closed(reason))

    def rated(self) -> list[Rated]:
        """Return the votes that stand with the pages they answer."""
        stand = sorted(self.standing().votes.items())
        return [Rated(rater, self.draw[rater][page], vote.choice, vote.satisfaction) for (rater, page), vote in stand]

    def progress(self) -> list[tuple[int, int]]:
        """Return (pages done, pages) of each rater."""
        done = [rater for rater, _ in self.standing().votes]
        return [(done.count(rater), len(pages)) for rater, pages in enumerate(self.draw)]

    @property
    def ended(self) -> bool:
        """Whether no more votes come: it was closed, or every page has its vote."""
        return self.standing().closed is not None or all(done == total for done, total in self.progress())

    def new_link(self, rater: int) -> str:
        """Return a new token of a rater; the old link stops working."""
        known: list[str] = store.read_json(self.folder / "links.json")
        if not 0 <= rater < len(known):
            raise UserError(f"rater {rater + 1}: study {self.plan.name} has raters 1 to {len(known)}")
        token = secrets.token_urlsafe(_TOKEN)
        known[rater] = _hash(token)
        store.write_json(self.folder / "links.json", known, _OWN)
        return token

    def _if_on(self, rater: int, number: int, line: dict[str, Any]) -> bool:
        with store.locked(self.folder, 10.0, "try again"):
            now = self.standing()
            done = sum(1 for voter, _ in now.votes if voter == rater)
            if now.closed is not None or done != number or number > len(self.draw[rater]):
                return False
            self._append(line)
            return True

    def _append(self, line: dict[str, Any]) -> None:
        try:
            self._log.append(line)
        finally:
            self._log.close()


def create(serving: Path, plan: Plan, items: Sequence[Item]) -> tuple[Study, list[str]]:
    """Draw and seal a study; return it with the tokens of the raters' links, which are kept nowhere.

    Args:
        serving: the folder ``serving.folder``, below which studies lie.
        plan: of the study.
        items: those that it drew.

    Raises:
        UserError: the draw is impossible, or there is a study of that name.
    """
    folder = serving / _STUDIES / plan.name
    if folder.exists():
        raise UserError(f"{folder} exists already")
    drawn = draw(plan.items, plan.raters, plan.repeats, plan.seed)
    folder.mkdir(parents=True, mode=0o700)
    tokens = [secrets.token_urlsafe(_TOKEN) for _ in range(plan.raters)]
    store.write_json(folder / "items.json", [item.as_json() for item in items], _OWN)
    store.write_json(folder / "draw.json", [[asdict(trial) for trial in pages] for pages in drawn], _OWN)
    store.write_json(folder / "links.json", [_hash(token) for token in tokens], _OWN)
    store.write_json(folder / "plan.json", plan.as_json(), _OWN)
    log = ChainedLog(folder / "votes.jsonl")
    log.append({"action": "plan", "sealed": _hashes(folder)})
    log.close()
    return Study(folder), tokens


def next_name(serving: Path, domain: str) -> str:
    """Return the name of a domain's next study."""
    taken = {folder.name for folder in _folders(serving)}
    return next(name for number in range(1, len(taken) + 2) if (name := f"{domain}-study-{number}") not in taken)


def find(serving: Path, name: str) -> Study:
    """Return a study by its name, or the newest one of a domain.

    Raises:
        UserError: there is none.
    """
    known = {folder.name: folder for folder in _folders(serving)}
    newest = max((one for one in known if one.rpartition("-study-")[0] == name), key=_number, default=name)
    if newest not in known:
        listed = ", ".join(known) or "none; start one: r1tailor study new <domain>"
        raise UserError(f"{name}: there is no such study.{did_you_mean(name, list(known))} Studies: {listed}")
    return Study(known[newest])


def of_token(serving: Path, token: str, opened: Callable[[Path], Study] = Study) -> tuple[Study, int] | None:
    """Return the study and the rater whose link a token is; None if nobody's."""
    for folder in _folders(serving):
        rater = _rater(folder, token)  # first: a study that was tampered with does not stop the others
        if rater is not None:
            return opened(folder), rater
    return None


def _rater(folder: Path, token: str) -> int | None:
    known: list[str] = store.read_json(folder / "links.json")
    return next((rater for rater, hashed in enumerate(known) if secrets.compare_digest(hashed, _hash(token))), None)


def _folders(serving: Path) -> Iterator[Path]:
    folder = serving / _STUDIES
    found = [place for place in folder.iterdir() if (place / "plan.json").is_file()] if folder.is_dir() else []
    yield from sorted(found, key=lambda place: (place.name.rpartition("-study-")[0], _number(place.name)))


def _number(name: str) -> int:
    number = name.rpartition("-")[2]
    return int(number) if number.isdigit() else 0


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _hashes(folder: Path) -> dict[str, str]:
    return {name: store.sha256_file(folder / name) for name in _SEALED if (folder / name).is_file()}
