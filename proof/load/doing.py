"""What callers do: each deed makes a request from what is known, asks, and learns. The table DEEDS says how often each is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as words

from proof.load import wording
from proof.load.asking import ask, ask_for
from proof.load.calling import Caller
from proof.load.knowing import Book, Known

CHUNK_ROWS_MAX = 20
CHUNKS_MAX = 3
REPORT_DAYS_MAX = 60


# New cases ---------------------------------------------------------------------------------------------------------------


async def register_case(caller: Caller, book: Book) -> None:
    ref, party = book.next_id("case"), wording.party(book)
    told = await ask(
        caller,
        book,
        "Cases/RegisterCase",
        request_id=ref,
        portfolio_id=book.portfolio_id,
        external_ref=ref,
        product="card",
        parties=[party],
        debts=wording.debts(book),
    )
    if told.is_ok:
        known = book.cases[told.reply.case_id] = Known(
            told.reply.case_id, ref, told.reply.receipt.version, is_open=True, person_id=party.person_id
        )
        await _look_for_debts(caller, book, known)


async def register_batch(caller: Caller, book: Book) -> None:
    """Announced, sent in chunks, released."""
    batch_ref = book.next_id("batch")
    chunks = [
        [wording.row(book, f"{batch_ref}/{chunk}/{line}", line) for line in range(1, book.rng.randint(2, CHUNK_ROWS_MAX))]
        for chunk in range(book.rng.randint(1, CHUNKS_MAX))
    ]
    rows = [row for chunk in chunks for row in chunk]
    owed = sum(component.amount.minor_units for row in rows for debt in row.debts for component in debt.components)
    declared = words.ControlTotals(count=len(rows), amount=wording.money(owed))
    told = await ask(
        caller,
        book,
        "Cases/ReceiveBatch",
        request_id=batch_ref,
        portfolio_id=book.portfolio_id,
        external_ref=batch_ref,
        declared=declared,
    )
    if not told.is_ok:
        return
    batch_id, complete = told.reply.batch_id, True
    for number, chunk in enumerate(chunks):
        told = await ask(caller, book, "Cases/RegisterCases", request_id=f"{batch_ref}/{number}", batch_id=batch_id, rows=chunk)
        complete = complete and told.is_ok
        for row, outcome in zip(chunk, told.reply.outcomes if told.is_ok else (), strict=False):
            if outcome.case_id:
                book.cases[outcome.case_id] = Known(outcome.case_id, row.external_ref, outcome.version, person_id=row.parties[0].person_id)
    if complete:
        await ask(caller, book, "Cases/ReleaseBatch", request_id=f"{batch_ref}/release", batch_id=batch_id)


async def _look_for_debts(caller: Caller, book: Book, known: Known) -> None:
    told = await ask(caller, book, "Cases/GetCase", known={known.case_id: known.version}, case_id=known.case_id)
    if told.is_ok:
        known.debts = tuple(debt.debt_id for debt in told.reply.case.debts)
        known.is_open = told.reply.case.lifecycle == words.LIFECYCLE_OPEN


# Work on a case ----------------------------------------------------------------------------------------------------------


async def record_fact(caller: Caller, book: Book) -> None:
    if case := book.one():
        await ask(caller, book, "Cases/RecordFact", **wording.fact(book, case), etag=wording.etag(book, case))


async def adjust_balance(caller: Caller, book: Book) -> None:
    if (case := book.one()) and case.debts:
        await ask(caller, book, "Cases/AdjustBalance", **wording.adjustment(book, case), etag=wording.etag(book, case))


async def add_party(caller: Caller, book: Book) -> None:
    if case := book.one():
        party = words.Party(person_id=book.somebody(), role=words.PARTY_ROLE_GUARANTOR, liability=words.LIABILITY_SUBSIDIARY)
        await ask(
            caller,
            book,
            "Cases/AddParty",
            request_id=book.next_id("party"),
            case_id=case.case_id,
            party=party,
            etag=wording.etag(book, case),
        )


async def close_case(caller: Caller, book: Book) -> None:
    if case := book.one(is_open=True):
        outcome = book.rng.choice((words.CLOSE_OUTCOME_WRITTEN_OFF, words.CLOSE_OUTCOME_SOLD, words.CLOSE_OUTCOME_UNTRACEABLE))
        told = await ask(
            caller, book, "Cases/CloseCase", request_id=book.next_id("close"), case_id=case.case_id, outcome=outcome, evidence_refs=["E-1"]
        )
        case.is_open = case.is_open and not told.is_ok


async def reopen_case(caller: Caller, book: Book) -> None:
    if case := book.one(is_open=False):
        told = await ask(
            caller,
            book,
            "Cases/ReopenCase",
            request_id=book.next_id("reopen"),
            case_id=case.case_id,
            reason=words.REOPEN_REASON_CLIENT_REQUEST,
            evidence_refs=["E-2"],
        )
        case.is_open = case.is_open or told.is_ok


async def report_arrears(caller: Caller, book: Book) -> None:
    """What a creditor says of some cases, one of which is not ours."""
    known = book.rng.sample(list(book.cases.values()), min(len(book.cases), book.rng.randint(1, CHUNK_ROWS_MAX)))
    refs = [case.external_ref for case in known] + (["NOT-OURS"] if book.rng.random() < 0.2 else [])
    rows = [
        cases.ArrearsRow(
            line=line, external_ref=ref, cycles_past_due=book.rng.randint(0, 5), balance=wording.money(book.rng.randint(0, 900_000))
        )
        for line, ref in enumerate(refs, 1)
    ]
    if rows:
        request_id = book.next_id("arrears")
        await ask(
            caller,
            book,
            "Cases/ReportArrears",
            request_id=request_id,
            portfolio_id=book.portfolio_id,
            as_of=wording.day(wording.today() - timedelta(days=book.rng.randint(0, REPORT_DAYS_MAX))),
            source_ref=request_id,
            rows=rows,
        )


# Questions ---------------------------------------------------------------------------------------------------------------


async def get_case(caller: Caller, book: Book) -> None:
    if case := book.one():
        if not case.debts:
            await _look_for_debts(caller, book, case)
        else:
            await ask(caller, book, "Cases/GetCase", known={case.case_id: case.version}, case_id=case.case_id)


async def get_balance(caller: Caller, book: Book) -> None:
    if case := book.one():
        await ask(caller, book, "Cases/GetBalance", case_id=case.case_id)


async def list_cases(caller: Caller, book: Book) -> None:
    """One case by its reference, in the view, with what its caller has written."""
    if case := book.one():
        await ask(
            caller,
            book,
            "Cases/ListCases",
            known={case.case_id: case.version},
            portfolio_id=book.portfolio_id,
            external_ref=case.external_ref,
            min_position=book.position,
        )


# Wrong on purpose --------------------------------------------------------------------------------------------------------


async def ask_badly(caller: Caller, book: Book) -> None:
    """INVALID_ARGUMENT or NOT_FOUND, with a personal value inside, which no answer and no log may repeat."""
    if case := book.one():
        wrong = book.rng.choice(({"key": "Not A Key"}, {"confidence": 0}, {"value": ""}, {"subject_id": book.personal("subject")}))
        wrong = book.rng.choice((wrong, {"case_id": book.person_id()}))
        await ask(caller, book, "Cases/RecordFact", **{**wording.fact(book, case), **wrong})


async def hold_an_old_etag(caller: Caller, book: Book) -> None:
    """ABORTED."""
    if (case := book.one()) and case.version > 1:
        await ask(caller, book, "Cases/RecordFact", **wording.fact(book, case), etag=str(case.version - 1))


async def ask_again(caller: Caller, book: Book) -> None:
    """What was answered, with the same words: the same answer."""
    if book.answered:
        old = book.rng.choice(book.answered)
        await ask_for(caller, book, old.method, old.request)


async def reuse_a_request_id(caller: Caller, book: Book) -> None:
    """What was answered, with other words under its name: INVALID_ARGUMENT."""
    among = [old for old in book.answered if old.method in ("Cases/RecordFact", "Cases/AddParty", "Cases/RegisterCase")]
    if among:
        old = book.rng.choice(among)
        other = type(old.request)()
        other.CopyFrom(old.request)
        if old.method == "Cases/RecordFact":
            other.value = book.personal("another value")
        elif old.method == "Cases/AddParty":
            other.party.person_id = book.person_id()
        else:
            other.product = "another product"
        await ask_for(caller, book, old.method, other)


async def ask_against_the_rules(caller: Caller, book: Book) -> None:
    """FAILED_PRECONDITION: paid in full, it is not."""
    if case := book.one(is_open=True):
        request_id = book.next_id("paid")
        outcome = words.CLOSE_OUTCOME_PAID_IN_FULL
        await ask(caller, book, "Cases/CloseCase", request_id=request_id, case_id=case.case_id, outcome=outcome, evidence_refs=["E-3"])


Deed = Callable[[Caller, Book], Awaitable[None]]

DEEDS: dict[Deed, int] = {
    register_case: 8,
    register_batch: 3,
    record_fact: 22,
    adjust_balance: 14,
    add_party: 8,
    close_case: 5,
    reopen_case: 4,
    report_arrears: 6,
    get_case: 12,
    get_balance: 4,
    list_cases: 5,
    ask_badly: 3,
    hold_an_old_etag: 3,
    ask_again: 4,
    reuse_a_request_id: 3,
    ask_against_the_rules: 2,
}
"""How often each is done, in parts of their sum."""
