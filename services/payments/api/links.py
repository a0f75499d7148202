"""Asked: payment links issued, shown and revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from acuerdo.payments.v1 import links_pb2 as pb
from acuerdo.payments.v1 import links_pb2_grpc

from services.chassis.identity import Principal
from services.chassis.log.log import Log
from services.chassis.rpc import Context, words
from services.chassis.rpc.words import AskedBy
from services.kernel.refusal import Refusal
from services.payments.application import links as verbs
from services.payments.domain import case_links, ledger, linking, owing
from services.payments.domain.amount_rule import AmountRule, AmountRuleKind
from services.payments.domain.case_links import CaseLinks
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.link import PaymentLink
from services.payments.domain.linking import LinkIsUnknown, LinkTerms
from services.payments.domain.owing import CaseIsNotKnownYet

NewToken = Callable[[], str]
"""Port: what opens a link: unguessable, fit for a URL."""


def new_token() -> str:
    """256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


class LinksApi(links_pb2_grpc.LinksServicer):
    """`public_url`: what debtors' browsers call our HTTP door by."""

    def __init__(self, log: Log, asked_by: AskedBy, new_token: NewToken, public_url: str) -> None:
        self._log, self._asked_by = log, asked_by
        self._new_token, self._public_url = new_token, public_url.rstrip("/")

    async def IssueLink(self, request: pb.IssueLinkRequest, context: Context) -> pb.IssueLinkResponse:
        who, case_id = words.caller(context), words.uuid(request.case_id, "case_id")
        book = await self._log.recall(AllocationLedger, ledger.stream_of(case_id), who.tenant_id)
        if not owing.is_known(book) or not who.may_see_client(owing.client_of(book)):
            raise CaseIsNotKnownYet
        token = self._new_token()
        terms = LinkTerms(
            case_id=case_id,
            token_hash=hashlib.sha256(token.encode()).digest(),
            rule=_rule(request.amount),
            person_id=words.uuid_or_none(request.person_id, "person_id"),
            expires_at=words.instant_or_none(request, "expires_at"),
        )
        stored = await self._log.run(self._asked_by(context, request), *verbs.issue_link(terms))
        # Asked again, the first link stands, and its token is gone: only its hash was kept.
        token = "" if stored.is_repeated else token
        return pb.IssueLinkResponse(
            receipt=words.receipt(stored),
            link_id=str(stored.streams[0].stream_id),
            token=token,
            url=f"{self._public_url}/pay/{token}" if token else "",
        )

    async def GetLink(self, request: pb.GetLinkRequest, context: Context) -> pb.GetLinkResponse:
        who = words.caller(context)
        link = await self._link(who, request.link_id)
        links = await self._log.load(CaseLinks, case_links.stream_of(link.case_id), who.tenant_id)
        book = await self._log.load(AllocationLedger, ledger.stream_of(link.case_id), who.tenant_id)
        shown = _wire(link)
        try:
            shown.due.CopyFrom(words.wire_money(linking.offer(link, links, book, self._log.clock.now()).due))
        except Refusal:
            shown.ClearField("due")  # it opens nothing: the state says why
        return pb.GetLinkResponse(link=shown)

    async def RevokeLink(self, request: pb.RevokeLinkRequest, context: Context) -> pb.RevokeLinkResponse:
        link = await self._link(words.caller(context), request.link_id)
        stored = await self._log.run(self._asked_by(context, request), verbs.revoke_link(link.id, request.reason_code))
        return pb.RevokeLinkResponse(receipt=words.receipt(stored))

    async def _link(self, who: Principal, link_id: str) -> PaymentLink:
        link = await self._log.load(PaymentLink, words.uuid(link_id, "link_id"), who.tenant_id)
        if not link.exists or not who.may_see_client(link.client_id):
            raise LinkIsUnknown
        return link


def _rule(asked: pb.AmountAsked) -> AmountRule:
    return AmountRule(
        kind=AmountRuleKind[pb.AmountRuleKind.Name(asked.kind).removeprefix("AMOUNT_RULE_KIND_")],
        amount=words.money(asked.amount) if asked.HasField("amount") else None,
        promise_id=words.uuid_or_none(asked.promise_id, "amount.promise_id"),
        least=words.money(asked.least) if asked.HasField("least") else None,
    )


def _wire(link: PaymentLink) -> pb.Link:
    rule = link.rule
    return pb.Link(
        link_id=str(link.id),
        case_id=str(link.case_id),
        person_id=str(link.person_id or ""),
        interaction_id=str(link.interaction_id or ""),
        state=f"LINK_STATE_{link.state.name}",
        amount=pb.AmountAsked(
            kind=f"AMOUNT_RULE_KIND_{rule.kind.name}",
            amount=words.wire_money(rule.amount) if rule.amount else None,
            promise_id=str(rule.promise_id or ""),
            least=words.wire_money(rule.least) if rule.least else None,
        ),
        expires_at=words.timestamp(link.expires_at) if link.expires_at else None,
        paid=words.wire_money(link.paid) if link.paid.currency_code else None,
        payment_id=str(link.checkout.payment_id) if link.checkout else "",
        hold_ids=[str(hold_id) for hold_id in link.frozen_by],
        reason_code=link.revoked_for or link.refused_for,
        etag=str(link.version),
    )
