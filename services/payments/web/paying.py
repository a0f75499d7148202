"""The page of a payment link: what it lets its holder pay, and the way to the provider's checkout."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.telemetry import current_traceparent
from services.kernel.ids import NewId
from services.kernel.money import Money
from services.kernel.refusal import Refusal
from services.payments.adapters.provider import Order, Provider, ProviderIsAway
from services.payments.application import links as verbs
from services.payments.domain import case_links, creditor, ledger, linking, owing
from services.payments.domain.case_links import CaseLinks
from services.payments.domain.creditor import Creditor
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.link import PaymentLink, payment_of, stream_of
from services.payments.domain.linking import AmountIsOutsideTheLink, CheckoutHasMovedOn, LinkIsPaid, LinkIsUnknown
from services.payments.web import pages, words
from services.payments.web.limits import FORM_BYTES_MAX, body_of
from services.payments.web.registered import SourceIsNotRegistered, source_of
from services.payments.web.words import Lang

LOOK_AGAIN_MAX = 3
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")
_NO_PAYLOAD = bytes(32)
"""Each request of a browser has an id of its own: there is nothing to compare it with."""

_log = structlog.get_logger("web")


@dataclass(frozen=True, slots=True)
class Found:
    """A link and what it goes by. Looked at, not touched."""

    tenant_id: str
    link: PaymentLink
    links: CaseLinks
    ledger: AllocationLedger
    creditor: str


class Paying:
    def __init__(self, log: Log, provider: Provider, new_id: NewId, return_url: str) -> None:
        self._log, self._provider, self._new_id = log, provider, new_id
        self._return_url = return_url

    async def show(self, request: Request) -> Response:
        """GET /pay/{token}"""
        return await self._answer(request, self._show)

    async def pay(self, request: Request) -> Response:
        """POST /pay/{token}"""
        return await self._answer(request, self._pay)

    async def returned(self, request: Request) -> Response:
        """GET /paid: where the provider sends people back to. It knows nothing of anybody."""
        return HTMLResponse(pages.returned_page(_lang(request)))

    async def _answer(self, request: Request, answer: Callable[[Request, Lang], Awaitable[Response]]) -> Response:
        """Whatever stands in the way looks the same from outside; why, only our log knows."""
        lang = _lang(request)
        try:
            return await answer(request, lang)
        except LinkIsPaid:
            return HTMLResponse(pages.paid_page(lang))
        except Refusal as refusal:
            _log.info("link_not_served", reason=refusal.reason)
            return HTMLResponse(pages.unavailable_page(lang), status_code=404)

    async def _show(self, request: Request, lang: Lang) -> Response:
        found = await self._found(request)
        choice = linking.offer(found.link, found.links, found.ledger, self._log.clock.now())
        if found.link.offered != choice and request.method == "GET":
            await self._log.run(self._asked(found, "OpenLink"), verbs.open_link(found.link.id, found.link.case_id))
        return HTMLResponse(self._page(found, lang))

    async def _pay(self, request: Request, lang: Lang) -> Response:
        form = parse_qs((await body_of(request, FORM_BYTES_MAX)).decode("ascii", "replace"), max_num_fields=8)
        for _ in range(LOOK_AGAIN_MAX):
            found = await self._found(request)
            under_way = found.link.checkout
            amount = under_way.amount if under_way else _chosen(form, owing.currency_of(found.ledger))
            number = found.link.checkouts if under_way else found.link.checkouts + 1
            try:
                # Before anybody's money moves: it could not be recorded otherwise.
                await source_of(self._log, found.tenant_id, self._provider.name)
                if amount is None:
                    linking.must_be_usable(found.link, found.links, self._log.clock.now())
                    raise AmountIsOutsideTheLink
                changes = verbs.start_checkout(found.link.id, found.link.case_id, number, amount, self._provider.name)
                await self._log.run(self._asked(found, "StartCheckout"), *changes)
            except AmountIsOutsideTheLink as refusal:
                _log.info("link_not_served", reason=refusal.reason)
                return HTMLResponse(self._page(found, lang, has_changed=True), status_code=409)
            except SourceIsNotRegistered as refusal:
                _log.error("link_not_served", reason=refusal.reason, tenant_id=found.tenant_id)
                break
            except CheckoutHasMovedOn:
                continue
            return await self._to_checkout(payment_of(found.link.id, number), found, lang)
        return HTMLResponse(pages.later_page(lang), status_code=503)

    async def _to_checkout(self, payment_id: UUID, found: Found, lang: Lang) -> Response:
        """The amount is that of the payment as it was stored, whoever chose it first."""
        link = await self._log.load(PaymentLink, found.link.id, found.tenant_id)
        if link.checkout is None or link.checkout.payment_id != payment_id:
            return HTMLResponse(pages.later_page(lang), status_code=503)
        order = Order(payment_id, link.checkout.amount, self._return_url, self._log.clock.now())
        try:
            return RedirectResponse(await self._provider.checkout(order), status_code=303)
        except ProviderIsAway as away:
            _log.warning("provider_is_away", reason=str(away))
            return HTMLResponse(pages.later_page(lang), status_code=503)

    async def _found(self, request: Request) -> Found:
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            raise LinkIsUnknown
        token_hash = hashlib.sha256(token.encode()).digest()
        link_id = stream_of(token_hash)
        tenant_id = await self._log.tenant_of(link_id) or ""
        link = await self._log.load(PaymentLink, link_id, tenant_id)
        # Found by a hash of its hash: how long the search takes says nothing of the token.
        if not hmac.compare_digest(link.token_hash, token_hash):
            raise LinkIsUnknown
        links = await self._log.load(CaseLinks, case_links.stream_of(link.case_id), tenant_id)
        book = await self._log.load(AllocationLedger, ledger.stream_of(link.case_id), tenant_id)
        to = await self._log.load(Creditor, creditor.stream_of(link.client_id), tenant_id)
        return Found(tenant_id, link, links, book, to.name)

    def _page(self, found: Found, lang: Lang, *, has_changed: bool = False) -> str:
        choice = linking.offer(found.link, found.links, found.ledger, self._log.clock.now())
        assert found.link.expires_at is not None
        offer = pages.Offer(
            creditor=found.creditor,
            reference=owing.reference_of(found.ledger),
            choice=choice,
            expires_at=found.link.expires_at,
            zone=owing.zone_of(found.ledger),
            under_way=found.link.checkout.amount if found.link.checkout else None,
            has_changed=has_changed,
        )
        return pages.offer_page(offer, lang)

    def _asked(self, found: Found, method: str) -> Command:
        """By whoever holds the token: we know the link, not the person."""
        who = f"link#{found.link.id}"
        return Command(
            tenant_id=found.tenant_id,
            principal=who,
            method=f"web/{method}",
            request_id=str(self._new_id()),
            payload_hash=_NO_PAYLOAD,
            actor=Actor("DEBTOR", who),
            traceparent=current_traceparent(),
        )


def _chosen(form: dict[str, list[str]], currency_code: str) -> Money | None:
    """As shown, in minor units, or as typed."""
    chosen = form.get("amount", [""])[0]
    if chosen == "another":
        return words.written(form.get("other", [""])[0], currency_code)
    return Money(currency_code, int(chosen)) if chosen.isascii() and chosen.isdigit() and len(chosen) <= 15 else None


def _lang(request: Request) -> Lang:
    return words.spoken(request.headers.get("accept-language", ""))
