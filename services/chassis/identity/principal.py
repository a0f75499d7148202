"""Principals: who calls, as their token tells it, and what of a tenant they may see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from acuerdo.common.v1.access_pb2 import Role

from services.chassis.log.origins import Actor

ALL_TENANTS = "*"
"""The tenant of the platform's own services and operators. They may read every tenant's log and command none."""

_ONLY_THEIR_OWN = frozenset({Role.ROLE_CLIENT, Role.ROLE_AGENCY, Role.ROLE_DEBTOR})


class NotAuthenticated(Exception):
    """No valid token came with the call. `reason` is one of our own words; it never quotes the token."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotPermitted(Exception):
    """The caller is known and may not do this."""

    def __init__(self, reason: str, **facts: str) -> None:
        self.reason, self.facts = reason, facts
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a query may return: one tenant, and where `client_ids` is not None, only what belongs to these clients."""

    tenant_id: str
    client_ids: frozenset[UUID] | None

    def covers(self, client_id: UUID) -> bool:
        return self.client_ids is None or client_id in self.client_ids


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller."""

    issuer: str
    subject: str
    tenant_id: str
    roles: frozenset[Role]
    client_ids: frozenset[UUID] = frozenset()
    agency_id: str = ""
    person_id: UUID | None = None
    is_bot: bool = False
    acting_subject: str = ""
    """Who acts in the subject's place (RFC 8693 `act`), empty where nobody does."""

    @property
    def name(self) -> str:
        """Issuer and subject together: the one name of a caller that is never given to another."""
        return f"{self.issuer}#{self.subject}"

    @property
    def is_person(self) -> bool:
        return Role.ROLE_SYSTEM not in self.roles and not self.is_bot

    @property
    def is_of_the_platform(self) -> bool:
        return self.tenant_id == ALL_TENANTS

    @property
    def scope(self) -> Scope:
        """Whoever is a client, an agency or a debtor sees only its own, whatever other roles the token has."""
        return Scope(self.tenant_id, self.client_ids if self.roles & _ONLY_THEIR_OWN else None)

    @property
    def actor(self) -> Actor:
        if not self.acting_subject:
            return Actor(self._kind, self.subject)
        return Actor(self._kind, self.acting_subject, on_behalf_of=self.subject)

    def may_see_client(self, client_id: UUID) -> bool:
        """Whether what belongs to this client may be shown to the caller. If not, say that it is unknown."""
        return self.scope.covers(client_id)

    def may_see_tenant(self, tenant_id: str) -> bool:
        return self.is_of_the_platform or self.tenant_id == tenant_id

    @property
    def _kind(self) -> str:
        return "BOT" if self.is_bot else _kind_of(self.roles)


@lru_cache(maxsize=256)
def _kind_of(roles: frozenset[Role]) -> str:
    return next(kind for role, kind in KIND_OF if role in roles)


KIND_OF: tuple[tuple[Role, str], ...] = (
    (Role.ROLE_DEBTOR, "DEBTOR"),
    (Role.ROLE_CLIENT, "CLIENT"),
    (Role.ROLE_AGENCY, "AGENCY"),
    (Role.ROLE_SYSTEM, "SYSTEM"),
    (Role.ROLE_AGENT, "AGENT"),
    (Role.ROLE_SUPERVISOR, "AGENT"),
    (Role.ROLE_COMPLIANCE, "AGENT"),
    (Role.ROLE_AUDITOR, "AGENT"),
    (Role.ROLE_OPERATOR, "AGENT"),
)
"""What kind of actor a role is, first match first: outsiders before ours, so that nobody of theirs is recorded as one of ours."""
