"""Webhooks: what a payment provider tells us, signed. Told twice, stored once; what cannot be taken yet is told again by the provider."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.log.units import ClaimedByAnother, NotStored, OutcomeUnknown, RequestIdReused
from services.chassis.telemetry import current_traceparent
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal
from services.payments.adapters.provider import EventIsMalformed, Provider, ProviderEvent
from services.payments.adapters.signature import HEADER, SignatureIsWrong
from services.payments.application import links as verbs
from services.payments.application import receiving
from services.payments.domain import ledger
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.payment import MovedMeanwhile, Payment, PaymentReversalCause, PaymentTerms
from services.payments.domain.under_way import PaymentWasNotInitiated, UnderWay
from services.payments.web.limits import WEBHOOK_BYTES_MAX, body_of
from services.payments.web.registered import source_of

DECIDE_AGAIN_MAX = 8

_log = structlog.get_logger("web")


class ProviderIsUnknown(IsUnknown):
    """No provider of that name tells us anything."""


class Webhooks:
    """`payload_key`: of the hashes by which an event that comes again is known."""

    def __init__(self, log: Log, provider: Provider, payload_key: bytes) -> None:
        self._log, self._provider, self._payload_key = log, provider, payload_key

    async def take(self, request: Request) -> Response:
        """POST /webhooks/{provider}: 200 only when it is stored (or was before); anything else asks the provider to tell it again."""
        try:
            if not hmac.compare_digest(request.path_params["provider"].encode(), self._provider.name.encode()):
                raise ProviderIsUnknown
            body = await body_of(request, WEBHOOK_BYTES_MAX)
            event = self._provider.read(body, request.headers.get(HEADER, ""))
            await self._store(event, body)
        except SignatureIsWrong as wrong:
            return _refused(401, wrong.reason)
        except EventIsMalformed:
            return _refused(400, "EVENT_IS_MALFORMED")
        except RequestIdReused:
            return _refused(409, "EVENT_WAS_ANOTHER_BEFORE")
        except ClaimedByAnother:
            return _refused(409, "MONEY_IS_OF_ANOTHER_PAYMENT")
        except (NotStored, OutcomeUnknown, MovedMeanwhile):
            return _refused(503, "TRY_AGAIN")
        except Refusal as refusal:
            status = next(status for kind, status in STATUS_OF if isinstance(refusal, kind))
            return _refused(status, refusal.reason)
        return JSONResponse({"stored": True})

    async def _store(self, event: ProviderEvent, body: bytes) -> None:
        tenant_id = await self._log.tenant_of(event.reference) or ""
        payment = await self._log.load(Payment, event.reference, tenant_id)
        if payment.under_way is None or payment.under_way.provider != self._provider.name:
            raise PaymentWasNotInitiated
        origin = self._told_by_the_provider(tenant_id, event, body)
        match event.type:
            case "payment.succeeded":
                await self._receive(origin, event, payment.under_way)
            case "payment.failed":
                await self._log.run(origin, *verbs.fail_payment(payment.id, payment.under_way.link_id, event.cause or "FAILED"))
            case "payment.returned":
                await self._give_back(origin, event)

    async def _receive(self, origin: Command, event: ProviderEvent, begun: UnderWay) -> None:
        """So much as came, whatever was ordered: on time, or after it was given up."""
        terms = PaymentTerms(
            source_id=await source_of(self._log, origin.tenant_id, self._provider.name),
            provider_ref=event.provider_ref,
            amount=event.amount.money,
            value_date=event.value_date,
            case_id=begun.case_id,
            attempt_id=begun.attempt_id,
            link_id=begun.link_id,
        )
        changes = [*receiving.record_payment(origin.tenant_id, event.reference, terms)]
        if begun.link_id is not None:
            changes.append(verbs.note_payment(begun.link_id, event.reference, terms.amount))
        await self._log.run(origin, *changes)

    async def _give_back(self, origin: Command, event: ProviderEvent) -> None:
        """The debit came back. Where it was not received yet, that is refused: the provider tells it again."""
        cause = PaymentReversalCause.CHARGEBACK if event.cause == "CHARGEBACK" else PaymentReversalCause.RETURNED
        for again in range(DECIDE_AGAIN_MAX):
            payment = await self._log.load(Payment, event.reference, origin.tenant_id)
            ledgers = [await self._ledger(case_id, origin.tenant_id) for case_id in payment.case_ids]
            at = receiving.Whereabouts(payment, tuple(ledgers))
            try:
                changes = receiving.reverse_payment(origin.tenant_id, at, cause, event.value_date, event.provider_ref)
                await self._log.run(origin, *changes)
                return
            except MovedMeanwhile:
                if again == DECIDE_AGAIN_MAX - 1:
                    raise

    async def _ledger(self, case_id: UUID, tenant_id: str) -> AllocationLedger:
        return await self._log.load(AllocationLedger, ledger.stream_of(case_id), tenant_id)

    def _told_by_the_provider(self, tenant_id: str, event: ProviderEvent, body: bytes) -> Command:
        who = f"provider#{self._provider.name}"
        return Command(
            tenant_id=tenant_id,
            principal=who,
            method="web/Webhook",
            request_id=event.id,
            payload_hash=hmac.digest(self._payload_key, body, hashlib.sha256),
            actor=Actor("SYSTEM", who),
            traceparent=current_traceparent(),
        )


def _refused(status: int, reason: str) -> Response:
    """By its name alone: whoever is not the provider learns nothing, and our log holds nothing of the body."""
    _log.warning("webhook_refused", reason=reason, code=str(status))
    return JSONResponse({"reason": reason}, status_code=status)


STATUS_OF: Sequence[tuple[type[Refusal], int]] = ((IsUnknown, 404), (IsInvalid, 400), (Refusal, 409))
"""First match counts."""
