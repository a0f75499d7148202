"""Payment sources: who tells us of money, for which portfolios, and through which day nothing of theirs is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from services.kernel.calendar import date_at, zone
from services.kernel.facts import Fact, Stream
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

MAPPING_BYTES_MAX = 16_000
MAPPINGS_MAX = 500
PORTFOLIOS_MAX = 200

CheckMapping = Callable[[bytes], object]
"""Port: raises IsInvalid naming what is wrong with a column mapping."""


class SourceKind(Enum):
    PSP = 1
    CREDITOR_FILE = 2
    BANK_STATEMENT = 3
    MANUAL = 4


class CreditorFileKind(Enum):
    COBROS = 1


# What happened ---------------------------------------------------------------


class PaymentSourceRegistered(Fact):
    source_id: UUID
    external_ref: str
    name: str
    kind: SourceKind
    portfolio_ids: tuple[UUID, ...]
    zone: str
    client_id: UUID | None

    def apply(self, source: PaymentSource) -> None:
        source.external_ref, source.name, source.kind = self.external_ref, self.name, self.kind
        source.portfolio_ids, source.zone, source.client_id = self.portfolio_ids, self.zone, self.client_id


class PaymentSourcePortfoliosChanged(Fact):
    source_id: UUID
    portfolio_ids: tuple[UUID, ...]

    def apply(self, source: PaymentSource) -> None:
        source.portfolio_ids = self.portfolio_ids


class PaymentSourceCompleted(Fact):
    source_id: UUID
    portfolio_ids: tuple[UUID, ...]
    complete_through: date
    evidence_ref: str

    def apply(self, source: PaymentSource) -> None:
        source.complete_through = self.complete_through


class PaymentSourceCorrected(Fact):
    source_id: UUID
    portfolio_ids: tuple[UUID, ...]
    complete_through: date | None
    was_complete_through: date
    reason_code: str
    evidence_ref: str

    def apply(self, source: PaymentSource) -> None:
        source.complete_through = self.complete_through


class CobrosMappingPublished(Fact):
    source_id: UUID
    version: int
    mapping: bytes
    mapping_hash: bytes

    def apply(self, source: PaymentSource) -> None:
        source.mappings.append(self.mapping)


class CreditorFileImported(Fact):
    source_id: UUID
    kind: CreditorFileKind
    file_ref: str
    mapping_version: int
    rows: int
    repeated: int
    rejected: int
    amounts: tuple[Money, ...]

    def apply(self, source: PaymentSource) -> None:
        source.files[self.file_ref] = FileRead(self.rows, self.rejected)


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileRead:
    rows: int
    rejected: int


@dataclass(frozen=True, slots=True)
class FileFound:
    """What reading a whole file came to."""

    file_ref: str
    mapping_version: int
    rows: int
    repeated: int
    rejected: int
    amounts: tuple[Money, ...]


class PaymentSource(Stream):
    begins_with = ("PaymentSourceRegistered",)

    def __init__(self) -> None:
        self.external_ref = ""
        self.name = ""
        self.kind = SourceKind.MANUAL
        self.portfolio_ids: tuple[UUID, ...] = ()
        self.zone = "UTC"
        self.client_id: UUID | None = None
        self.complete_through: date | None = None
        self.mappings: list[bytes] = []
        self.files: dict[str, FileRead] = {}

    @property
    def today(self) -> date:
        """In the source's zone, at the moment of the decision."""
        return date_at(self.now, zone(self.zone))

    def today_at(self, instant_zone_now: Stream) -> date:
        """The day in the source's zone at which another stream decides."""
        return date_at(instant_zone_now.now, zone(self.zone))

    def mapping(self, version: int) -> bytes:
        """0: the newest."""
        place = version or len(self.mappings)
        if not 1 <= place <= len(self.mappings):
            raise MappingIsUnknown(version=version, newest=len(self.mappings))
        return self.mappings[place - 1]


# What may be decided ---------------------------------------------------------


class PaymentSourceIsUnknown(IsUnknown):
    """There is no such payment source, or none that the caller may see."""


class MappingIsUnknown(IsUnknown):
    """The source has no such version of a column mapping."""


class WatermarkWouldGoBack(Refusal):
    """The source was told complete through a later day already: take that back by a correction, with its reason."""


class WatermarkIsNotEarlier(Refusal):
    """A correction takes the watermark back; to raise it, tell that the source is complete."""


class FileHasRejectedRows(Refusal):
    """A row of the file was not understood: it may be a payment, so nothing can be said of the days it speaks of."""


class SourceHasTooManyMappings(Refusal):
    """The source has as many versions of its column mapping as it may."""


def register(
    source: PaymentSource,
    external_ref: str,
    name: str,
    kind: SourceKind,
    portfolio_ids: Sequence[UUID],
    in_zone: str,
    client_id: UUID | None,
) -> None:
    if source.exists:
        return
    zone(in_zone)
    if not name.strip():
        raise IsInvalid("name", "must not be empty")
    source.tell(
        PaymentSourceRegistered(
            **source.next(),
            source_id=source.id,
            external_ref=external_ref,
            name=name,
            kind=kind,
            portfolio_ids=tuple(dict.fromkeys(portfolio_ids)),
            zone=in_zone,
            client_id=client_id,
        )
    )


def change_portfolios(source: PaymentSource, portfolio_ids: Sequence[UUID]) -> None:
    must_exist(source)
    wanted = tuple(dict.fromkeys(portfolio_ids))
    if set(wanted) != set(source.portfolio_ids):
        source.tell(PaymentSourcePortfoliosChanged(**source.next(), source_id=source.id, portfolio_ids=wanted))


def complete(source: PaymentSource, through: date, evidence_ref: str) -> None:
    """Nothing with a value date through that day is missing. The same day again: told once."""
    must_exist(source)
    if source.complete_through == through:
        return
    if source.complete_through is not None and through < source.complete_through:
        raise WatermarkWouldGoBack(complete_through=source.complete_through, asked=through)
    if through > source.today:
        raise IsInvalid("complete_through", "lies in the future: nobody knows what will be paid on that day", today=source.today)
    source.tell(
        PaymentSourceCompleted(
            **source.next(),
            source_id=source.id,
            portfolio_ids=source.portfolio_ids,
            complete_through=through,
            evidence_ref=evidence_ref,
        )
    )


def correct(source: PaymentSource, through: date | None, reason_code: str, evidence_ref: str) -> None:
    """It was declared complete in error. Nothing was declared: there is nothing to take back."""
    must_exist(source)
    was = source.complete_through
    if was is None or was == through:
        return
    if through is not None and through > was:
        raise WatermarkIsNotEarlier(complete_through=was, asked=through)
    source.tell(
        PaymentSourceCorrected(
            **source.next(),
            source_id=source.id,
            portfolio_ids=source.portfolio_ids,
            complete_through=through,
            was_complete_through=was,
            reason_code=reason_code,
            evidence_ref=evidence_ref,
        )
    )


def publish_mapping(source: PaymentSource, mapping: bytes, check: CheckMapping) -> None:
    """The newest one again: told once."""
    must_exist(source)
    if source.mappings and source.mappings[-1] == mapping:
        return
    if len(mapping) > MAPPING_BYTES_MAX:
        raise IsInvalid("mapping", f"must not exceed {MAPPING_BYTES_MAX} bytes")
    check(mapping)
    if len(source.mappings) >= MAPPINGS_MAX:
        raise SourceHasTooManyMappings(versions_max=MAPPINGS_MAX)
    source.tell(
        CobrosMappingPublished(
            **source.next(),
            source_id=source.id,
            version=len(source.mappings) + 1,
            mapping=mapping,
            mapping_hash=hashlib.sha256(mapping).digest(),
        )
    )


def record_file(source: PaymentSource, found: FileFound, through: date | None) -> None:
    """All rows of a file are stored. Only then, and only where every row was understood, the source is complete through a day."""
    must_exist(source)
    if source.files.get(found.file_ref) != FileRead(found.rows, found.rejected):
        source.tell(
            CreditorFileImported(
                **source.next(),
                source_id=source.id,
                kind=CreditorFileKind.COBROS,
                file_ref=found.file_ref,
                mapping_version=found.mapping_version,
                rows=found.rows,
                repeated=found.repeated,
                rejected=found.rejected,
                amounts=found.amounts,
            )
        )
    if through is None:
        return
    if found.rejected:
        raise FileHasRejectedRows(rejected=found.rejected)
    complete(source, through, found.file_ref)


def must_exist(source: PaymentSource) -> None:
    if not source.exists:
        raise PaymentSourceIsUnknown
