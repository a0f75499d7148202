"""Words: what every api room translates with, off the wire and back. Nothing here decides."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from acuerdo.common.v1 import types_pb2 as types
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from services.chassis.clock import Clock
from services.chassis.identity.principal import NotPermitted, Principal
from services.chassis.log.origins import Command
from services.chassis.log.units import Stored
from services.chassis.rpc.call import Call, Context, call_in_hand
from services.chassis.telemetry import current_traceparent
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid

FUTURE_MINUTES_MAX = 5
"""How far clocks may differ: what happened later than this from now has not happened."""
CORRELATION_ID = "acuerdo-correlation-id"
"""Metadata key: a UUID that the caller gives to everything that comes of one intention."""
_NOT_PAYLOAD = ("request_id", "etag")


# Who asks, and what ---------------------------------------------------------------------------------------------------


def caller(_: Context) -> Principal:
    """Who calls, as the token tells it."""
    return call_in_hand().principal


class AskedBy:
    """The origin of a command: `stored = await log.run(self._asked_by(context, request), change)`."""

    def __init__(self, clock: Clock, payload_key: bytes) -> None:
        self._clock, self._payload_key = clock, payload_key

    def __call__(self, context: Context, request: Any, *, part: str = "", payload: Message | None = None) -> Command:
        """The command of this request.

        Where one request asks for several units (rows of a chunk), `part` names each one (its line) and `payload` is what it rests on.
        Raises IsInvalid for an occurred_at in the future, NotPermitted for a caller that belongs to no tenant.
        """
        call = call_in_hand()
        who = call.principal
        if who.is_of_the_platform:
            raise NotPermitted("TENANT_IS_NEEDED")
        etag = getattr(request, "etag", "")
        return Command(
            tenant_id=who.tenant_id,
            principal=who.name,
            method=call.method[1:],
            request_id=f"{request.request_id}/{part}" if part else request.request_id,
            payload_hash=self._hash(payload if payload is not None else request),
            actor=who.actor,
            etag=int(etag) if etag else None,
            occurred_at=self._occurred_at(request),
            correlation_id=_correlation_id(call),
            traceparent=current_traceparent(),
        )

    def part(self, origin: Command, part: str, payload: Message) -> Command:
        """One of the units that a request asks for, like `part` and `payload` above, where the request's own command is made already."""
        return origin._replace(request_id=f"{origin.request_id}/{part}", payload_hash=self._hash(payload))

    def _hash(self, request: Message) -> bytes:
        """Keyed, so that nobody guesses small payloads from the stored hash."""
        bare = request
        if not_payload := [name for name in _NOT_PAYLOAD if name in request.DESCRIPTOR.fields_by_name]:
            bare = type(request)()
            bare.CopyFrom(request)
            for name in not_payload:
                bare.ClearField(name)
        named = bare.DESCRIPTOR.full_name.encode() + b"\x00"
        return hmac.digest(self._payload_key, named + bare.SerializeToString(deterministic=True), hashlib.sha256)

    def _occurred_at(self, request: Message) -> datetime | None:
        if "occurred_at" not in request.DESCRIPTOR.fields_by_name or not request.HasField("occurred_at"):
            return None
        happened = instant(request.occurred_at, "occurred_at")  # type: ignore[attr-defined]  # the descriptor says that it is there
        if happened > self._clock.now() + timedelta(minutes=FUTURE_MINUTES_MAX):
            raise IsInvalid("occurred_at", "lies in the future")
        return happened


def _correlation_id(call: Call) -> UUID | None:
    given = call.given(CORRELATION_ID)
    return uuid(str(given[0]), CORRELATION_ID) if given else None


# Off the wire ---------------------------------------------------------------------------------------------------------


def uuid(text: str, field: str) -> UUID:
    """IsInvalid naming `field` where the text is no UUID."""
    try:
        return UUID(text)
    except ValueError:
        raise IsInvalid(field, "is not a UUID") from None


def uuid_or_none(text: str, field: str) -> UUID | None:
    return uuid(text, field) if text else None


def instant(wire: Timestamp, field: str) -> datetime:
    """UTC. IsInvalid where the timestamp is out of range."""
    try:
        return wire.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise IsInvalid(field, "is not an instant between the years 1 and 9999") from None


def day(wire: Date, field: str) -> date:
    """A whole date. IsInvalid where year, month or day is missing or impossible."""
    try:
        return date(wire.year, wire.month, wire.day)
    except ValueError:
        raise IsInvalid(field, "is not a day of the calendar") from None


def instant_or_none(request: Message, field: str) -> datetime | None:
    """The field's instant, None where it is absent."""
    return instant(getattr(request, field), field) if request.HasField(field) else None


def day_or_none(request: Message, field: str) -> date | None:
    """The field's day, None where it is absent."""
    return day(getattr(request, field), field) if request.HasField(field) else None


def money(wire: types.Money) -> Money:
    return Money(wire.currency_code, wire.minor_units)


# Back onto the wire ---------------------------------------------------------------------------------------------------


def receipt(stored: Stored, i: int = 0) -> types.Receipt:
    """What the i-th Change came to."""
    stream = stored.streams[i]
    return types.Receipt(
        stream_id=str(stream.stream_id), version=stream.version, position=stored.position, recorded_at=timestamp(stored.recorded_at)
    )


def timestamp(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at.astimezone(UTC))
    return wire


def wire_date(on: date) -> Date:
    return Date(year=on.year, month=on.month, day=on.day)


def wire_money(amount: Money) -> types.Money:
    return types.Money(currency_code=amount.currency_code, minor_units=amount.minor_units)
