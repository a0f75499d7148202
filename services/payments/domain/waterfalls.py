"""Waterfalls: a tenant's versions of the order in which money is applied, and which of them is in force for whom."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Fact, Stream
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal
from services.payments.domain.presets import DEFAULT, PRESETS
from services.payments.domain.waterfall import Waterfall

DOCUMENT_BYTES_MAX = 32_000
VERSIONS_MAX = 500
SCOPES_MAX = 500

ReadWaterfall = Callable[[bytes], Waterfall]
"""Port: the order that a document says; raises IsInvalid naming the place where it could not be followed."""

# What happened ---------------------------------------------------------------


class WaterfallPublished(Fact):
    version: int
    name: str
    document: bytes
    document_hash: bytes

    def apply(self, waterfalls: Waterfalls) -> None:
        waterfalls.documents.append(self.document)
        waterfalls.names.append(self.name)


class WaterfallActivated(Fact):
    version: int
    client_id: UUID | None
    product: str
    jurisdiction: str

    def apply(self, waterfalls: Waterfalls) -> None:
        waterfalls.in_force[Scope(self.client_id, self.product, self.jurisdiction)] = self.version


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom: an empty one is for all."""

    client_id: UUID | None = None
    product: str = ""
    jurisdiction: str = ""

    def covers(self, other: Scope) -> bool:
        return (
            self.client_id in (None, other.client_id)
            and self.product in ("", other.product)
            and self.jurisdiction in ("", other.jurisdiction)
        )

    @property
    def weight(self) -> int:
        """How narrow it is: a client weighs more than a product, a product more than a law."""
        return 4 * (self.client_id is not None) + 2 * bool(self.product) + bool(self.jurisdiction)


class Waterfalls(Stream):
    def __init__(self) -> None:
        self.documents: list[bytes] = []
        self.names: list[str] = []
        self.in_force: dict[Scope, int] = {}

    def version_for(self, scope: Scope) -> str:
        """As allocations keep it: the number of the tenant's version, or a preset's name where none is in force."""
        covering = [(known.weight, version) for known, version in self.in_force.items() if known.covers(scope)]
        return str(max(covering)[1]) if covering else DEFAULT

    def read(self, version: str, read: ReadWaterfall) -> Waterfall:
        if version in PRESETS:
            return PRESETS[version]
        return read(self.document(int(version) if version.isdecimal() else 0))

    def document(self, version: int) -> bytes:
        if not 1 <= version <= len(self.documents):
            raise WaterfallIsUnknown(version=version, newest=len(self.documents))
        return self.documents[version - 1]

    def version_of(self, document: bytes) -> int:
        """0: nowhere."""
        return self.documents.index(document) + 1 if document in self.documents else 0


@lru_cache(maxsize=256)
def stream_of(tenant_id: str) -> UUID:
    """The stream of the tenant's waterfalls."""
    return ids.derived("waterfalls", tenant_id)


# What may be decided ---------------------------------------------------------


class WaterfallIsUnknown(IsUnknown):
    """There is no such version of the tenant's waterfall."""


class TooManyWaterfalls(Refusal):
    """The tenant has published as many waterfalls, or set as many in force, as it may."""


def publish(waterfalls: Waterfalls, document: bytes, read: ReadWaterfall) -> None:
    """The next version, not in force yet. The same bytes again: told once."""
    if waterfalls.version_of(document):
        return
    if len(document) > DOCUMENT_BYTES_MAX:
        raise IsInvalid("document", f"must not exceed {DOCUMENT_BYTES_MAX} bytes")
    order = read(document)
    if len(waterfalls.documents) >= VERSIONS_MAX:
        raise TooManyWaterfalls(versions_max=VERSIONS_MAX)
    waterfalls.tell(
        WaterfallPublished(
            **waterfalls.next(),
            version=len(waterfalls.documents) + 1,
            name=order.name,
            document=document,
            document_hash=hashlib.sha256(document).digest(),
        )
    )


def activate(waterfalls: Waterfalls, version: int, scope: Scope) -> None:
    """From now on; what was allocated before keeps the version it was allocated by. In force already: told once."""
    waterfalls.document(version)
    if waterfalls.in_force.get(scope) == version:
        return
    if scope not in waterfalls.in_force and len(waterfalls.in_force) >= SCOPES_MAX:
        raise TooManyWaterfalls(scopes_max=SCOPES_MAX)
    waterfalls.tell(
        WaterfallActivated(
            **waterfalls.next(), version=version, client_id=scope.client_id, product=scope.product, jurisdiction=scope.jurisdiction
        )
    )
