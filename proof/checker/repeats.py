"""I3: the same request has the same answer; another payload under its name is refused and stores nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from acuerdo.common.v1.log_pb2 import Reply

from proof.checker.asked import REUSED, Request
from proof.checker.evidence import Evidence
from proof.checker.findings import Finding, Looked, not_judged
from proof.history import Attempt, Outcome

AFTER_AN_ANSWER = frozenset({"FAILED_PRECONDITION", "ABORTED", "NOT_FOUND", "ALREADY_EXISTS", "INVALID_ARGUMENT", "INTERNAL", "DATA_LOSS"})
"""What no later attempt at an answered request may get: whatever its decision would be by now, the first answer is the answer."""


def repeats(evidence: Evidence) -> Finding:
    if evidence.attempts is None:
        return not_judged(["I3"], "no history")[0]
    looked = Looked("I3")
    for request in evidence.requests.values():
        looked.counted += 1
        looked.breaks(*_broken(request, evidence))
    return looked.finding()


def _broken(request: Request, evidence: Evidence) -> Iterator[str]:
    by_payload: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in request.attempts:
        by_payload[attempt.asked.payload_sha256].append(attempt)
    kept = {payload for payload, attempts in by_payload.items() if any(_is_kept(attempt, request) for attempt in attempts)}
    if len(kept) > 1:
        yield f"{request.name}: {len(kept)} different payloads were taken for the same request"
    for attempts in by_payload.values():
        yield from _different_answers(request, attempts)
        yield from _refused_after_all(request, attempts)
    if not request.is_chunk:
        yield from _another_refusal(request, evidence)


def _is_kept(attempt: Attempt, request: Request) -> bool:
    """Of answers and of refusals by a rule of the business the first one is kept; of a chunk, as a whole, no refusal is."""
    came = attempt.came
    return came is not None and (came.outcome is Outcome.OK or (came.status == "FAILED_PRECONDITION" and not request.is_chunk))


def _different_answers(request: Request, attempts: list[Attempt]) -> Iterator[str]:
    replies = {came.reply_sha256 for each in attempts if (came := each.came) is not None and came.outcome is Outcome.OK}
    reasons = {came.reason for each in attempts if (came := each.came) is not None and came.status == "FAILED_PRECONDITION"}
    if len(replies) > 1:
        yield f"{request.name}: the same request got {len(replies)} different replies"
    if request.is_chunk:
        return  # as a whole it is kept nowhere: its rows are
    if len(reasons) > 1:
        yield f"{request.name}: the same request was refused for {', '.join(sorted(reasons))}"
    if replies and reasons:
        yield f"{request.name}: the same request was answered, and refused for {', '.join(sorted(reasons))}"


def _refused_after_all(request: Request, attempts: list[Attempt]) -> Iterator[str]:
    answered = [each.came.at for each in attempts if each.came is not None and each.outcome is Outcome.OK]
    if not answered:
        return
    for attempt in attempts:
        came = attempt.came
        if came is None or came.outcome is not Outcome.FAIL:
            continue
        if came.reason == REUSED:
            yield f"{request.name}: the very request that was answered was refused as {REUSED}"
        elif came.status in AFTER_AN_ANSWER and attempt.asked.at > min(answered):
            yield f"{request.name}: asked again after it was answered, it was refused with {came.status} {came.reason}"


def _another_refusal(request: Request, evidence: Evidence) -> Iterator[str]:
    """What its row says against what the caller was told."""
    for row in evidence.commands.get(request.key, ()):
        reply = Reply.FromString(row.reply)
        for attempt in request.attempts:
            came = attempt.came
            if came is None or came.status != "FAILED_PRECONDITION":
                continue
            kept = reply.refused.reason if reply.HasField("refused") else "an answer"
            if came.reason != kept:
                yield f"{request.name} was refused for {came.reason}, and {kept} is kept of it"
