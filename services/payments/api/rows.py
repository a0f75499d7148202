"""Asked: many payments in a stream. A chunk is one unit where it can be; a row that is refused is an outcome, never the chunk's failure."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from acuerdo.payments.v1 import payments_pb2 as pb

from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.chassis.rpc.validation import violations_of
from services.kernel.refusal import IsInvalid, Refusal
from services.payments.api import wire
from services.payments.api.taking import Taken, Taking
from services.payments.domain.payment import PaymentTerms

Came = Taken | Refusal


class LineIsRepeated(Refusal):
    """The chunk brings this line more than once."""


class RowIsRefused(Refusal):
    """A row breaks a rule of its contract, before anybody was asked."""

    def __init__(self, field: str, rule: str, description: str) -> None:
        self.field, self.rule, self.description = field, rule, description
        super().__init__()


class Rows(Taking):
    async def RecordPayments(
        self, requests: AsyncIterable[pb.RecordPaymentsRequest], context: Context
    ) -> AsyncIterator[pb.RecordPaymentsResponse]:
        async for chunk in requests:
            who = words.caller(context)
            source = await self._source(who, chunk.source_id)
            repeated = repeated_lines(chunk.rows)
            read = [_terms_or_refusal(source, row, row.line in repeated) for row in chunk.rows]
            came = await self._take_rows(who, context, chunk, [row.line for row in chunk.rows], read)
            yield pb.RecordPaymentsResponse(
                request_id=chunk.request_id,
                outcomes=[outcome(row.line, each) for row, each in zip(chunk.rows, came, strict=True)],
                position=max((each.position for each in came if isinstance(each, Taken)), default=0),
            )

    async def _take_rows(
        self, who: Principal, context: Context, chunk: Any, lines: Sequence[int], read: Sequence[PaymentTerms | Refusal]
    ) -> list[Came]:
        """What came of each row, in order: all that can be read in one unit, singly where one of them stands in the way of the others."""
        came: list[Came | None] = [each if isinstance(each, Refusal) else None for each in read]
        places = [place for place, each in enumerate(came) if each is None]
        terms = [each for each in read if not isinstance(each, Refusal)]
        if terms:
            together = await self._take_all(who, self._asked_by(context, chunk, part="rows"), terms)
            if together is None:
                singly = [self._take_one(who, context, chunk, lines[place], each) for place, each in zip(places, terms, strict=True)]
                together = list(await asyncio.gather(*singly))
            for place, each in zip(places, together, strict=True):
                came[place] = each
        return [each for each in came if each is not None]

    async def _take_one(self, who: Principal, context: Context, chunk: Any, line: int, terms: PaymentTerms) -> Came:
        try:
            return await self._take(who, self._asked_by(context, chunk, part=str(line)), terms)
        except Refusal as refusal:
            return refusal


def _terms_or_refusal(source: Any, row: pb.PaymentRow, is_repeated: bool) -> PaymentTerms | Refusal:
    if is_repeated:
        return LineIsRepeated()
    for broken in violations_of(row):
        return RowIsRefused(broken.field, broken.rule, broken.description)
    try:
        return wire.terms(source, row)
    except Refusal as refusal:
        return refusal


def repeated_lines(rows: Iterable[Any]) -> frozenset[int]:
    """Lines that a chunk brings more than once: a line names one row."""
    return frozenset(line for line, times in Counter(row.line for row in rows).items() if times > 1)


def outcome(line: int, came: Came) -> pb.PaymentOutcome:
    if isinstance(came, Taken):
        return pb.PaymentOutcome(line=line, payment_id=str(came.payment_id), is_repeated=came.is_repeated)
    if isinstance(came, RowIsRefused):
        return pb.PaymentOutcome(line=line, field=came.field, reason=_as_reason(came.rule), description=came.description)
    if isinstance(came, IsInvalid):
        return pb.PaymentOutcome(line=line, field=came.field, reason=came.reason, description=came.description)
    field = came.facts.get("field", FIELD_OF.get(came.reason, ""))
    return pb.PaymentOutcome(line=line, field=field, reason=came.reason, description=came.sentence)


def _as_reason(rule: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in rule).upper()


FIELD_OF: Mapping[str, str] = {
    "CASE_BOOK_IS_UNKNOWN": "case_id",
    "LINE_IS_REPEATED": "line",
    "PAYMENT_IS_OF_ANOTHER_CURRENCY": "amount.currency_code",
    "REFERENCE_IS_OF_ANOTHER_PAYMENT": "provider_ref",
}
"""The field of a row that a named rule is about."""
