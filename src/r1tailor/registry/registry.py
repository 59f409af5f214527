"""One registry: which versions it has seen, under which numbers, and which one of each domain is promoted.

A registry folder holds files by content (``objects/<sha256>``), one JSON record a version, a history that only grows,
and ``current``: a link to the files of the promoted version. Promotion and rollback copy out of ``objects`` and check
every hash, so a version comes back byte for byte or not at all.

One lock keeps writers apart; readers need none. A version is registered when its record is there. A promotion or a
rollback is done when its line is in the history; ``current`` follows, and whoever writes next (or opens the registry)
finishes what was interrupted.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from r1tailor import store
from r1tailor.errors import RegistryError
from r1tailor.model.licence import NOTICE
from r1tailor.registry import channels, goals
from r1tailor.registry.version import AT, DOMAIN, Version, tuned_values, with_phase
from r1tailor.registry.writing import RegistryWriter


class Registry(RegistryWriter):
    """The versions below one folder: read, added to, promoted and rolled back."""

    def promote(
        self,
        name: str,
        *,
        phase: str | None = None,
        force: bool = False,
        reason: str = "",
        numbers: Mapping[str, Any] | None = None,
    ) -> Path:
        """Make a version, or its model at the end of a phase, the promoted one; return the folder of its files.

        Args:
            name: of the version.
            phase: of its training.
            force: whether a reason outweighs missed goals.
            reason: kept in the history.
            numbers: JSON values that the reason rests on, kept with it.

        Raises:
            RegistryError: it misses its domain's goals, or they cannot be computed again (nor at the end of an earlier
                phase, where nothing was evaluated), and it is not forced with a reason; its metrics are not finite;
                its record, goals or metrics are not what was evaluated; it is withdrawn; or a stored file is damaged.
            UserError: another process writes and does not end in time.
        """
        with self.writing():
            version, named = self.resolve(name)
            self.refuse_withdrawn(version)
            phase = phase or named
            version.files_at(phase)
            self._refuse_forged(version)
            broken = [metric for metric, value in tuned_values(version.metrics).items() if not math.isfinite(value)]
            if broken:
                raise RegistryError(f"{version.id} is not promoted: not finite: {', '.join(broken)}")
            against = _against(version, phase)
            if against and not (force and reason.strip()):
                raise RegistryError(
                    f"{version.id} is not promoted: {against}. To promote it anyway: --force --reason '...'"
                )
            return self._promote(version, phase, "promote", reason, numbers)

    def rollback(
        self,
        domain: str,
        name: str | None = None,
        *,
        phase: str | None = None,
        reason: str = "",
        numbers: Mapping[str, Any] | None = None,
    ) -> Path:
        """Roll back to an earlier promoted version (the one before the current, or a given one).

        With a phase: to the end of that phase of the promoted version, or of a given one.

        Raises:
            RegistryError: there is nothing to roll back to, its record, goals or metrics are not what was evaluated,
                it is withdrawn, or a stored file is damaged.
            UserError: another process writes and does not end in time.
        """
        if not DOMAIN.fullmatch(domain) or not (self.folder / domain).is_dir():
            self._before(domain, phase)
        with self.writing():
            if name is None:
                name, phase = self._before(domain, phase)
            version, named = self.resolve(name, domain)
            self.refuse_withdrawn(version)
            if version.id not in [entry["version"] for entry in self.history(domain) if entry["action"] == "promote"]:
                raise RegistryError(f"{version.id} was never promoted; promote it instead")
            version.files_at(phase or named)
            self._refuse_forged(version)
            return self._promote(version, phase or named, "rollback", reason, numbers)

    def put_in_channel(self, name: str, channel: str, reason: str, numbers: Mapping[str, Any] | None = None) -> Version:
        """Let a candidate be tried: ``<domain>@shadow`` or ``<domain>@canary`` means it from now on.

        It leaves the channel with the domain's next promotion, rollback or refusal.

        Raises:
            RegistryError: it is not what was registered, or is withdrawn.
            UserError: another process writes and does not end in time.
        """
        assert channel in (channels.SHADOW, channels.CANARY)
        return self._noted(name, channel, reason, numbers)

    def refuse(self, name: str, reason: str, numbers: Mapping[str, Any] | None = None) -> Version:
        """Keep in the history why a candidate was not promoted; it leaves its channel."""
        return self._noted(name, channels.REFUSE, reason, numbers)

    def _noted(self, name: str, action: str, reason: str, numbers: Mapping[str, Any] | None) -> Version:
        with self.writing():
            version, _ = self.resolve(name)
            self.refuse_withdrawn(version)
            self._refuse_forged(version)
            self._note(version.domain, action, version, reason or None, numbers=numbers)
            return version

    def _refuse_forged(self, version: Version) -> None:
        """Refuse a version that is not what was registered, or reports other metrics and goals than it holds."""
        wrong = self.forgery(version) or goals.contradiction(version, lambda name: self._read(version, name))
        if wrong:
            raise RegistryError(f"{version.id} is refused: {wrong}; nothing was changed. Run: r1tailor registry verify")

    def _read(self, version: Version, name: str) -> Path:
        try:
            return self.objects.read(version.files[name], f"{version.id}: {name}")
        except RegistryError as error:
            raise RegistryError(f"{error}; nothing was changed") from error

    def notice(self, version: Version) -> str:
        """Return the notice of terms that goes with a version's model; empty where there is none.

        Raises:
            RegistryError: the stored file is damaged or missing.
        """
        if (name := f"model/{NOTICE}") not in version.files or self.is_withdrawn(version):
            return ""
        return self._read(version, name).read_text(encoding="utf-8").strip()

    def _before(self, domain: str, phase: str | None) -> tuple[str, str | None]:
        """Return the version and phase that a rollback without a version means."""
        promoted = self.promoted(domain)
        if phase is not None and not promoted:
            raise RegistryError(
                f"domain {domain}: no version is promoted whose phase {phase} can be rolled back to; "
                f"first: registry promote VERSION, or, to promote the end of the phase at once, "
                f"registry promote VERSION --phase {phase} --force --reason '...'"
            )
        if phase is not None:
            return promoted[-1].partition(AT)[0], phase
        if len(promoted) < 2:
            raise RegistryError(f"domain {domain}: no version was promoted before the current one")
        id_, _, before = promoted[-2].partition(AT)
        return id_, before or None

    def _promote(
        self, version: Version, phase: str | None, action: str, reason: str, numbers: Mapping[str, Any] | None
    ) -> Path:
        """Lay out a version, every hash checked; note it in the history (then it is done); switch ``current``."""
        deployed = self.deployed(version.domain)
        folder = deployed.find(version, phase) if with_phase(version.id, phase) == deployed.promoted() else None
        folder = folder or deployed.make(version, phase)
        self._note(version.domain, action, version, reason or None, phase, numbers=numbers)
        store.point_to(deployed.current, folder)
        return folder


def _against(version: Version, phase: str | None) -> str:
    """Return what speaks against a promotion, in words; empty if nothing does."""
    if phase:
        return f"the model at the end of phase {phase} was not evaluated"
    return "; ".join(version.missed_goals) or goals.unproven(version) or ""
