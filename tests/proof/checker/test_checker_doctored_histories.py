"""Histories edited by hand: callers who were told something else than what is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.proof.checker.conftest import Judged
from tests.proof.checker.doctoring import Line, edited
from tests.proof.checker.small_run import CANARY

Edit = Callable[[Line, Line], Sequence[Line] | None]
NOBODY = str(uuid4())
LATER = "2099-01-01T00:00:00+00:00"


def of(request_id: str, edit: Callable[[Line, Line], Any], tenant: str = "north") -> Edit:
    """The same for all attempts at one request of a tenant; no request id: its questions."""

    def each(asked: Line, came: Line) -> None:
        if asked["request_id"] == request_id and asked["tenant_id"] == tenant:
            edit(asked, came)

    return each


def asked_again(request_id: str, **came_to: Any) -> Edit:
    """One more attempt, long after, with this end."""

    def again(asked: Line, came: Line) -> Sequence[Line] | None:
        if asked["request_id"] != request_id or came["outcome"] != "ok":
            return None
        other, end = deepcopy(asked), deepcopy(came)
        other["attempt"] = end["attempt"] = asked["attempt"] + 1_000
        other["at"] = end["at"] = LATER
        if "payload_sha256" in came_to:
            other["payload_sha256"] = came_to["payload_sha256"]
        end |= {name: value for name, value in came_to.items() if name != "payload_sha256"}
        return [{"asked": asked}, {"came": came}, {"asked": other}, {"came": end}]

    return again


def tells(**instead: Any) -> Callable[[Line, Line], Any]:
    return lambda asked, came: came.update(instead)


def is_refused(asked: Line, came: Line) -> None:
    came |= {"outcome": "fail", "status": "ABORTED", "reason": "VERSION_CONFLICT"}


def says_more(asked: Line, came: Line) -> None:
    came["seen"] = {stream: version + 50 for stream, version in came["seen"].items()}


def shows_less(asked: Line, came: Line) -> None:
    if asked["at_least"]:
        came["seen"] = dict.fromkeys(came["seen"], 1)


def shows_nothing(asked: Line, came: Line) -> None:
    if asked["at_least"]:
        came["seen"] = {}


def finds_nothing(asked: Line, came: Line) -> None:
    if asked["at_least"]:
        came |= {"outcome": "fail", "status": "NOT_FOUND", "seen": {}}


def another_refusal(asked: Line, came: Line) -> None:
    came |= {"reason": f"REASON_{came['attempt']}"}


EDITED: list[tuple[str, str, Edit, str]] = [
    (
        "I1",
        "an answer to what was never stored",
        of("fact", lambda asked, came: asked.update(request_id="invented")),
        "'invented' of north",
    ),
    ("I1", "a version that was never stored", of("recalled", says_more), "'recalled' of north"),
    ("I1", "a stream that was never stored", of("recalled", tells(seen={NOBODY: 1})), NOBODY),
    ("I1", "a row of a chunk that was never stored", of("month/1", says_more), "'month/1' of north"),
    ("I1", "a position of something else", of("recalled", tells(position=1)), "'recalled' of north"),
    ("I1", "an answer to what was refused", of("paid", tells(outcome="ok", status="OK", reason="")), "stored as refused"),
    ("I2", "a refusal of what is stored", of("recalled", is_refused), "CaseClosed"),
    (
        "I2",
        "a chunk refused as a whole, and its rows are stored",
        of("month/1", tells(outcome="fail", status="NOT_FOUND", reason="PORTFOLIO_IS_UNKNOWN")),
        "'month/1' of north",
    ),
    ("I3", "another reply", asked_again("recalled", reply_sha256="0" * 64), "'recalled' of north"),
    ("I3", "another reply to a chunk", asked_again("month/1", reply_sha256="0" * 64), "'month/1' of north"),
    ("I3", "another payload taken", asked_again("recalled", payload_sha256="0" * 64), "2 different payloads"),
    ("I3", "a conflict after the answer", asked_again("recalled", outcome="fail", status="ABORTED"), "refused with ABORTED"),
    (
        "I3",
        "a refusal after the answer",
        asked_again("recalled", outcome="fail", status="FAILED_PRECONDITION", reason="NO"),
        "refused for NO",
    ),
    (
        "I3",
        "the same payload taken for another",
        asked_again("recalled", outcome="fail", status="INVALID_ARGUMENT", reason="REQUEST_ID_REUSED"),
        "was refused as REQUEST_ID_REUSED",
    ),
    ("I3", "two reasons for one refusal", of("paid", another_refusal), "was refused for REASON_"),
    ("I14", "an older version is shown", of("", shows_less), "and its caller knew version"),
    ("I14", "a stream is not shown", of("", shows_nothing), "does not show"),
    ("I14", "nothing is found", of("", finds_nothing), "found nothing"),
    ("I18", "a canary in a refusal's text", of("paid", tells(text=f"{CANARY} owes")), "its FAILED_PRECONDITION says it"),
]


@pytest.mark.parametrize(("invariant", "what", "edit", "named"), EDITED, ids=[f"{row[0]}: {row[1]}" for row in EDITED])
async def test_an_edited_history_is_found(judged: Judged, tmp_path: Path, invariant: str, what: str, edit: Edit, named: str) -> None:
    finding = await judged.finds(invariant, history=(edited(judged.ran.history, tmp_path, edit),))

    assert finding.holds is False, what
    assert any(named in line for line in finding.broken), finding.broken


async def test_an_answer_that_speaks_of_anothers_stream_is_found(judged: Judged, tmp_path: Path) -> None:
    theirs = judged.ran.cases["south"][0]
    history = edited(judged.ran.history, tmp_path, of("recalled", tells(seen={theirs: 1})))

    finding = await judged.finds("I17", history=(history,))

    assert finding.holds is False
    assert any(theirs in line for line in finding.broken), finding.broken


async def test_an_attempt_without_an_end_breaks_nothing(judged: Judged, tmp_path: Path) -> None:
    """Whoever was told nothing may find it stored or not."""
    unknown = edited(
        judged.ran.history, tmp_path, lambda asked, came: came.update(outcome="info", status="UNAVAILABLE", reply_sha256="", seen={})
    )

    for invariant in ("I1", "I2", "I3"):
        assert (await judged.finds(invariant, history=(unknown,))).holds is True, invariant


async def test_one_word_of_another_tenant_in_an_event_is_found(judged: Judged) -> None:
    finding = await judged.finds("I17", tenant_canaries={"south": "only-north-htron"})

    assert finding.holds is False
    assert any("PortfolioOpened" in line for line in finding.broken), finding.broken


@pytest.mark.parametrize("writing", [CANARY, CANARY.upper(), CANARY.encode().hex()])
async def test_a_canary_in_what_a_service_put_out_is_found(judged: Judged, tmp_path: Path, writing: str) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "worker.log").write_text(f'{{"event": "fine"}}\n{{"event": "x{writing}x"}}\n')

    finding = await judged.finds("I18", outputs=(*judged.where.outputs, tmp_path))

    assert finding.broken == (f"{tmp_path}/deep/worker.log:2",)
