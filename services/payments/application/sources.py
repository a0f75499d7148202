"""The verbs of sources and waterfalls: who tells of money, and in which order it is applied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

from services.kernel.facts import Change, Claim
from services.payments.adapters import cobros_mapping, waterfall_document
from services.payments.domain import source, waterfalls
from services.payments.domain.source import FileFound, PaymentSource, SourceKind
from services.payments.domain.waterfalls import Scope, Waterfalls


def register_source(
    source_id: UUID,
    external_ref: str,
    name: str,
    kind: SourceKind,
    portfolio_ids: Sequence[UUID],
    zone: str,
    client_id: UUID | None,
) -> Change[PaymentSource]:
    decide = partial(
        source.register,
        external_ref=external_ref,
        name=name,
        kind=kind,
        portfolio_ids=tuple(portfolio_ids),
        in_zone=zone,
        client_id=client_id,
    )
    return Change(PaymentSource, source_id, decide, claims=(Claim("payment_source", external_ref),))


def change_portfolios(source_id: UUID, portfolio_ids: Sequence[UUID]) -> Change[PaymentSource]:
    return Change(PaymentSource, source_id, partial(source.change_portfolios, portfolio_ids=tuple(portfolio_ids)))


def complete_source(source_id: UUID, through: date, evidence_ref: str) -> Change[PaymentSource]:
    return Change(PaymentSource, source_id, partial(source.complete, through=through, evidence_ref=evidence_ref))


def correct_source(source_id: UUID, through: date | None, reason_code: str, evidence_ref: str) -> Change[PaymentSource]:
    decide = partial(source.correct, through=through, reason_code=reason_code, evidence_ref=evidence_ref)
    return Change(PaymentSource, source_id, decide)


def publish_mapping(source_id: UUID, mapping: bytes) -> Change[PaymentSource]:
    return Change(PaymentSource, source_id, partial(source.publish_mapping, mapping=mapping, check=cobros_mapping.read))


def record_file(source_id: UUID, found: FileFound, through: date | None) -> Change[PaymentSource]:
    return Change(PaymentSource, source_id, partial(source.record_file, found=found, through=through))


def publish_waterfall(tenant_id: str, document: bytes) -> Change[Waterfalls]:
    decide = partial(waterfalls.publish, document=document, read=waterfall_document.read)
    return Change(Waterfalls, waterfalls.stream_of(tenant_id), decide)


def activate_waterfall(tenant_id: str, version: int, scope: Scope) -> Change[Waterfalls]:
    return Change(Waterfalls, waterfalls.stream_of(tenant_id), partial(waterfalls.activate, version=version, scope=scope))
