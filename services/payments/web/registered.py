"""The payment source under which a provider is registered: without one, its money could not be told from other money."""

from __future__ import annotations

from uuid import UUID

from services.chassis.log.log import Log
from services.kernel.refusal import Refusal

SOURCE_NAME = "payment_source"
"""Kind of the claim on a source's name."""


class SourceIsNotRegistered(Refusal):
    """The provider is not registered as a payment source of the tenant."""


async def source_of(log: Log, tenant_id: str, provider: str) -> UUID:
    """Its id. Raises SourceIsNotRegistered."""
    found = await log.claimed(tenant_id, SOURCE_NAME, [provider])
    if provider not in found:
        raise SourceIsNotRegistered(provider=provider)
    return found[provider]
