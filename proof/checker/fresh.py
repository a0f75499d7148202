"""I14: no acknowledged change is invisible to a question that follows it."""

from __future__ import annotations

from collections.abc import Iterator

from proof.checker.evidence import Evidence
from proof.checker.findings import Finding, Looked, not_judged
from proof.history import Attempt, Outcome


def fresh(evidence: Evidence) -> Finding:
    if evidence.attempts is None:
        return not_judged(["I14"], "no history")[0]
    looked = Looked("I14")
    for attempt in evidence.attempts:
        if attempt.asked.at_least and attempt.came is not None and attempt.outcome is not Outcome.INFO:
            looked.counted += 1
            looked.breaks(*_invisible(attempt))
    return looked.finding() if looked.counted else not_judged(["I14"], "no question of the history says what its caller knew")[0]


def _invisible(attempt: Attempt) -> Iterator[str]:
    asked, came = attempt.asked, attempt.came
    assert came is not None
    name = f"{asked.method} (attempt {asked.attempt} of {asked.tenant_id}/{asked.principal})"
    if came.outcome is Outcome.FAIL:
        if came.status == "NOT_FOUND":
            yield f"{name} found nothing, and its caller knew of {', '.join(map(_known, asked.at_least.items()))}"
        return
    for stream, version in asked.at_least.items():
        shown = came.seen.get(stream)
        if shown is None:
            yield f"{name} does not show {stream}, which its caller knew at version {version}"
        elif shown and shown < version:
            yield f"{name} shows {stream}:{shown}, and its caller knew version {version}"


def _known(known: tuple[str, int]) -> str:
    return f"{known[0]}:{known[1]}"
