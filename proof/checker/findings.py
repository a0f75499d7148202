"""What judging comes to: one finding for each invariant, and the verdict they make together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

BROKEN_SHOWN_MAX = 10

STATEMENTS: dict[str, str] = {
    "I1": "what was acknowledged is stored, exactly once",
    "I2": "every event stems from one command, timer or heard fact; a definite error has none",
    "I3": "the same request has the same answer; another payload under its name is refused and stores nothing",
    "I4": "the log and its topic hold the same events, byte for byte",
    "I5": "each key's first occurrences come in order, each record names the one before it",
    "I6": "each follower applied each fact at most once and stands at its source's head",
    "I7": "the views are what a rebuild makes of the log",
    "I8": "the live state is the folded state, and each head is its last event",
    "I9": "money that has come is applied, waits or was taken back, to the cent; cases has applied what payments allocated",
    "I11": "no limit on contacts is exceeded, each permit is used once, a hold that is heeded leaves none open",
    "I12": "the hash chain of every stream holds from its first event",
    "I14": "no acknowledged change is invisible to a question that follows it",
    "I15": "all is quiet within the time allowed",
    "I17": "nothing of one tenant is found under another",
    "I18": "no personal data outside sealed values",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """How one invariant stands. `holds` None: not judged, and `reason` says why; never taken for a yes by who reads it."""

    invariant: str
    holds: bool | None
    counted: int
    """How many things were looked at."""
    broken: tuple[str, ...] = ()
    """The first of what breaks it, readable: names of events, streams, requests."""
    broken_count: int = 0
    """How many break it in all."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings of one judging."""

    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0
    """How long judging took, waiting for quiescence and rebuilding included."""
    quiet_seconds: float | None = None
    """From when judging began until all was quiet; None where it never was, or nobody looked."""

    @property
    def holds(self) -> bool:
        """No invariant is broken. One that was not judged breaks nothing: who needs it judged asks `judged`."""
        return all(finding.holds is not False for finding in self.findings)

    @property
    def judged(self) -> frozenset[str]:
        return frozenset(finding.invariant for finding in self.findings if finding.holds is not None)

    def of(self, invariant: str) -> Finding:
        """The finding of one invariant: KeyError where it was not asked for."""
        for finding in self.findings:
            if finding.invariant == invariant:
                return finding
        raise KeyError(invariant)

    def as_json(self) -> dict[str, object]:
        return {
            "holds": self.holds,
            "seconds": round(self.seconds, 3),
            "quiet_seconds": None if self.quiet_seconds is None else round(self.quiet_seconds, 3),
            "findings": [
                {
                    "invariant": finding.invariant,
                    "says": STATEMENTS[finding.invariant],
                    "holds": finding.holds,
                    "counted": finding.counted,
                    "broken": list(finding.broken),
                    "broken_count": finding.broken_count,
                    "reason": finding.reason,
                }
                for finding in self.findings
            ],
        }


class Looked:
    """Gathers what one invariant looked at and what breaks it, and becomes its finding."""

    def __init__(self, invariant: str) -> None:
        self._invariant = invariant
        self._broken: list[str] = []
        self._broken_count = 0
        self.counted = 0

    @property
    def holds(self) -> bool:
        return not self._broken_count

    def breaks(self, *what: str) -> None:
        self._broken_count += len(what)
        self._broken.extend(what[: max(0, BROKEN_SHOWN_MAX - len(self._broken))])

    def finding(self, missing: str = "", reason: str = "") -> Finding:
        """`missing`: evidence that was not there. What the rest breaks is broken all the same; what it does not break is not judged."""
        holds = False if self._broken_count else None if missing else True
        return Finding(self._invariant, holds, self.counted, tuple(self._broken), self._broken_count, missing or reason)


def not_judged(invariants: Iterable[str], reason: str) -> list[Finding]:
    return [Finding(invariant, None, 0, reason=reason) for invariant in invariants]
