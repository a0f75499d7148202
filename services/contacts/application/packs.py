"""Packs: read, run against their vectors, published, and put in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from services.contacts.adapters import pack_store
from services.contacts.domain import packs
from services.contacts.domain.packs import Candidate, RulePacks
from services.kernel.facts import Change


def read_packs(document: bytes) -> list[Candidate]:
    """PackIsInvalid naming pack, rule and field; vectors that fail are listed, not raised."""
    return pack_store.candidates(document)


def publish_packs(tenant_id: str, candidates: Sequence[Candidate]) -> Change[RulePacks]:
    """All of a document, or none of it."""

    def decide(published: RulePacks) -> None:
        for candidate in candidates:
            packs.publish(published, candidate)

    return Change(RulePacks, packs.stream_of(tenant_id), decide)


def activate_pack(
    tenant_id: str, pack_id: str, version: str, from_: datetime | None, is_shadow: bool, review_ref: str
) -> Change[RulePacks]:
    decide = partial(
        packs.activate,
        pack_id=pack_id,
        version=version,
        from_=from_,
        is_shadow=is_shadow,
        review_ref=review_ref,
        read=pack_store.read,
    )
    return Change(RulePacks, packs.stream_of(tenant_id), decide)


def deactivate_pack(tenant_id: str, pack_id: str, from_: datetime | None, reason_code: str) -> Change[RulePacks]:
    decide = partial(packs.deactivate, pack_id=pack_id, from_=from_, reason_code=reason_code)
    return Change(RulePacks, packs.stream_of(tenant_id), decide)
