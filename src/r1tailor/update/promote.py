"""Promote or not: what becomes of a proven candidate, step by step, and of one that does worse when it serves.

proven -> shadow (answers are logged only) -> canary (a share of the users) -> promoted. Each step waits for enough
answers in its channel and for signals within their control limits (``control_limits.py``). All of it is in the
registry's history and in the update's, with numbers and reasons. A version that is rolled back takes its days out of
the training set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r1tailor.chained import ChainedLog
from r1tailor.errors import UserError
from r1tailor.registry import Registry, Version, open_registry
from r1tailor.registry.version import AT
from r1tailor.schema.settings import Settings
from r1tailor.serving.audit import log_file
from r1tailor.serving.feedback.log import FeedbackLog
from r1tailor.update.candidate import register
from r1tailor.update.control_limits import Alarm, alarms, answers, signals
from r1tailor.update.day import Day, UpdateFolder, update_folder
from r1tailor.update.history import decide, entries
from r1tailor.update.prove import gates_of, proof_of
from r1tailor.update.standing import ANEW, KEPT, LEVEL, PENDING, SHOWN

_REFERENCE = 2000  # newest answers of the version before that limits are computed from


@dataclass(frozen=True)
class Step:
    """What was done with a candidate, for people.

    Attributes:
        day: of the candidate.
        state: ``refused``, ``waiting``, ``shadow``, ``canary``, ``promoted``, ``rolled_back``.
        told: why, in words.
    """

    day: str
    state: str
    told: str

    def __str__(self) -> str:
        return f"{self.day}: {self.state}: {self.told}"


def conclude(day: Day, root: Path) -> Step:
    """Keep what a proof decides: a proven candidate is registered, another one refused with the reasons.

    A refused candidate that harmed nothing leaves its material to the next one. Where no version is promoted yet, the
    champion is: a candidate that is only registered must not be what the domain's name means.
    """
    proof = proof_of(day)
    facts = {
        LEVEL: proof["level"],
        SHOWN: proof["shown"],
        ANEW: proof["anew"],
        "champion": proof["champion"],
        "gates": {gate.name: _numbers(gate) for gate in gates_of(proof)},
    }
    earlier = _of_day(day.places, day.name)
    if earlier and LEVEL in earlier[0]:
        newest = earlier[-1]
        return Step(day.name, newest["decision"], newest.get("reason", "decided before"))
    if not proof["passed"]:
        reason = f"failed: {', '.join(proof['failed'])}"
        decide(day.places.history, day.name, "refused", facts | {KEPT: proof["harmless"], "reason": reason})
        left = "; its material is learnt with the next day's" if proof["harmless"] else ""
        return Step(day.name, "refused", f"{reason}{left}")
    registry = open_registry(root)
    if registry.current(day.settings.domain.name) is None:
        registry.promote(day.champion.version, force=True, reason="daily updates start from it")
    version = register(day, root)
    decide(day.places.history, day.name, "proven", facts | {"version": version.id, "reason": "every gate passed"})
    return Step(day.name, "waiting", f"{version.id} passed every gate")


def waiting(places: UpdateFolder) -> tuple[Day, str] | None:
    """Return the newest proven candidate that waits for its promotion, and its version; None without one."""
    newest = {one["day"]: one for one in entries(places.history)}
    proven = [one for one in newest.values() if one["decision"] == "proven"]
    return (places.day(proven[-1]["day"]), proven[-1]["version"]) if proven else None


def advance(settings: Settings, root: Path, *, yes: bool) -> Step | None:
    """Take the next step with the candidate that waits, if it may be taken; None where none waits.

    Args:
        settings: the composition; its ``update.promote`` decides.
        root: the project's root.
        yes: whether a person said yes; ``promote.mode: confirm`` needs it at each step.

    Raises:
        RegistryError: the version is not what was registered, or withdrawn.
    """
    places, registry = update_folder(settings, root), open_registry(root)
    found = waiting(places)
    if found is None:
        return None
    (day, id_), wanted = found, settings.update.promote
    version, domain = registry.version(id_), settings.domain.name
    if _current(registry, domain) == id_:  # and then it was interrupted
        return _stands(day, id_)
    if _current(registry, domain) != day.champion.version:
        return _drop(day, registry, version, "another version was promoted meanwhile", kept=True)
    at = next((channel for channel in wanted.channels if registry.in_channel(domain, channel) == id_), None)
    raised: list[Alarm] = []
    if at is not None:
        raised, done = _watched(settings, root, day.champion.version, id_, at)
        if bad := [one for one in raised if one.raised]:
            return _drop(day, registry, version, "; ".join(map(str, bad)), kept=False)
        if done < wanted.requests:
            return Step(day.name, at, f"{id_} has answered {done} of {wanted.requests} requests there")
    if wanted.mode == "confirm" and not yes:
        return Step(day.name, at or "waiting", f"{id_} waits for a yes: r1tailor update promote {domain}")
    numbers = {"day": day.name, "signals": [one.as_dict() for one in raised], **_headline(day)}
    later = wanted.channels[wanted.channels.index(at) + 1 :] if at else wanted.channels
    if later:
        registry.put_in_channel(id_, later[0], f"proven on day {day.name}", numbers)
        return Step(day.name, later[0], _how_served(domain, later[0], wanted.canary_share))
    registry.promote(id_, force=True, reason=f"proven on day {day.name}", numbers=numbers)
    return _stands(day, id_)


def watch(settings: Settings, root: Path) -> tuple[list[Alarm], Step | None]:
    """Look at the live signals of the version that the update promoted last; roll it back where one is out of control.

    Returns:
        Where each signal stands (none where no such version serves), and the rollback.
    """
    places, registry = update_folder(settings, root), open_registry(root)
    last = _promoted(places)
    if not last or _current(registry, settings.domain.name) != last["version"]:
        return [], None
    found, _ = _watched(settings, root, last["champion"], last["version"], "served")
    bad = [one for one in found if one.raised]
    return found, roll_back(settings, root, "; ".join(map(str, bad)), found) if bad else None


def roll_back(settings: Settings, root: Path, reason: str, found: Sequence[Alarm] = ()) -> Step:
    """Roll back to the champion before the last promotion of the update; its days leave the training set.

    Raises:
        UserError: the version that serves is none that the update promoted.
    """
    places, registry, domain = update_folder(settings, root), open_registry(root), settings.domain.name
    last = _promoted(places)
    if not last or _current(registry, domain) != last["version"]:
        raise UserError(
            f"domain {domain}: the version that serves was not promoted by an update; registry rollback {domain}"
        )
    numbers = {"day": last["day"], "signals": [one.as_dict() for one in found]}
    registry.rollback(domain, last["champion"], reason=reason, numbers=numbers)
    reconcile(places, registry, domain, reason)
    return Step(last["day"], "rolled_back", f"{last['champion']} serves again: {reason}")


def reconcile(places: UpdateFolder, registry: Registry, domain: str, reason: str = "rolled back") -> list[str]:
    """Take days out of the training set whose version was rolled back, by whomever; return their names."""
    standing = {id_.partition(AT)[0] for id_ in registry.promoted(domain)}
    newest = {one["day"]: one for one in entries(places.history)}
    gone = [d for d, one in newest.items() if one["decision"] == "promoted" and one["version"] not in standing]
    for name in gone:
        facts = {"version": newest[name]["version"], "reason": reason}
        decide(places.history, name, "rolled_back", facts)
    return gone


def _watched(settings: Settings, root: Path, before: str, live: str, channel: str) -> tuple[list[Alarm], int]:
    """Return where the signals of a version stand, and how many requests it answered in a channel."""
    audit = log_file(root / settings.serving.folder)
    lines = list(ChainedLog(audit).entries()) if audit.exists() else []
    reference = answers(lines).get(before, [])[-_REFERENCE:]
    own = answers(lines, ("served", "canary") if channel == "served" else (channel,)).get(live, [])
    corrected = {"before": _corrections(settings, root, before), "live": _corrections(settings, root, live)}
    control = settings.update.promote.control
    return alarms(signals(reference, own, corrected, control), control.alpha), len(own)


def _corrections(settings: Settings, root: Path, version: str) -> list[tuple[str, str]]:
    """Return date and user of each correction or thumb down of a version's answers."""
    folder = root / settings.serving.folder / "feedback" / settings.domain.name
    records = FeedbackLog(folder).records() if folder.is_dir() else []
    return [(one.at, one.user) for one in records if one.version == version and (one.corrects or one.thumb == "down")]


def _stands(day: Day, id_: str) -> Step:
    """Keep that a candidate was promoted, with every day that it learnt; the day itself goes last."""
    facts = {"version": id_, "champion": day.champion.version, "with": day.name}
    for name in (*day.facts.get(PENDING, {}), day.name):
        decide(day.places.history, name, "promoted", facts)
    return Step(day.name, "promoted", f"{id_} follows {day.champion.version}")


def _drop(day: Day, registry: Registry, version: Version, reason: str, *, kept: bool) -> Step:
    registry.refuse(version.id, reason)
    decide(day.places.history, day.name, "refused", {"version": version.id, "reason": reason, KEPT: kept})
    return Step(day.name, "refused", reason)


def _current(registry: Registry, domain: str) -> str:
    """Return the id of what a domain's name means, with its phase."""
    found = registry.of_domain(domain)
    if found is None:
        return ""
    version, phase, _ = found
    return f"{version.id}{AT}{phase}" if phase else version.id


def _promoted(places: UpdateFolder) -> Mapping[str, Any] | None:
    """Return the entry of the last promotion that stands."""
    newest = {one["day"]: one for one in entries(places.history)}
    standing = [one for one in entries(places.history) if one["decision"] == "promoted"]
    kept = [one for one in standing if newest[one["day"]] == one and one["day"] == one["with"]]
    return kept[-1] if kept else None


def _of_day(places: UpdateFolder, name: str) -> list[dict[str, Any]]:
    return [one for one in entries(places.history) if one["day"] == name]


def _numbers(gate: Any) -> dict[str, Any]:  # noqa: ANN401
    told = gate.as_dict()
    return {key: told[key] for key in ("passed", "n", "champion", "candidate", "difference", "low", "p", "limit")}


def _headline(day: Day) -> dict[str, Any]:
    first = next(one for one in _of_day(day.places, day.name) if LEVEL in one)
    return {"level": first[LEVEL], "gates": first["gates"]}


def _how_served(domain: str, channel: str, share: float) -> str:
    how = f"serving.channels.{channel}={domain}@{channel}"
    more = f" serving.channels.canary_share={share:g}" if channel == "canary" else ""
    return f"r1tailor serve {domain} {how}{more} asks it"
