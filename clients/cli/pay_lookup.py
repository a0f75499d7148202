"""Finds a payment source by its id or by the operator's reference of it."""

from __future__ import annotations

from acuerdo.payments.v1 import payments_pb2 as pay

from clients.cli.connection import Doors
from clients.cli.reading import is_uuid


async def source_of(doors: Doors, source: str) -> str:
    """Its id."""
    if is_uuid(source):
        return source
    return (await doors.payments.GetPaymentSource(pay.GetPaymentSourceRequest(external_ref=source))).source.source_id
