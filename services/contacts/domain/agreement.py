"""Agreement: what a person consented to, what suits it, and that it wants to be left alone. All of it with evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain.channels import Channel, Purpose, TimeWindow
from services.kernel.facts import Fact
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

CONSENTS_PER_PERSON_MAX = 1_000

# What happened ---------------------------------------------------------------


class ConsentKind(Enum):
    """What a consent allows."""

    CONTACT = "CONTACT"
    FREQUENCY = "FREQUENCY"
    HOURS = "HOURS"
    THIRD_PARTY = "THIRD_PARTY"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to. Nothing listed: any."""

    consent_id: UUID
    person_id: UUID
    kind: ConsentKind
    channels: tuple[Channel, ...]
    purposes: tuple[Purpose, ...]
    point_ids: tuple[UUID, ...]
    case_ids: tuple[UUID, ...]
    windows: tuple[TimeWindow, ...]
    instrument: str
    is_given_to_creditor: bool
    evidence_ref: str
    given_at: datetime
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def stands_at(self, instant: datetime) -> bool:
        ends = [end for end in (self.expires_at, self.withdrawn_at) if end is not None]
        return self.given_at <= instant and all(instant < end for end in ends)

    def is_for(self, channel: Channel, purpose: Purpose, point_id: UUID | None = None, case_id: UUID | None = None) -> bool:
        return (
            (not self.channels or channel in self.channels)
            and (not self.purposes or purpose in self.purposes)
            and (not self.point_ids or point_id in self.point_ids)
            and (not self.case_ids or case_id in self.case_ids)
        )


@dataclass(frozen=True, slots=True)
class Preference:
    """What suits a person: as recorded of `person_id`, which may since have been merged."""

    person_id: UUID
    windows: tuple[TimeWindow, ...]
    language: str
    channel_order: tuple[Channel, ...]
    zone: str
    source: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Cease:
    """Somebody wants to be left alone. Nothing listed: by every channel, for every case. It binds from receipt on."""

    cease_id: UUID
    person_id: UUID
    channels: tuple[Channel, ...]
    case_ids: tuple[UUID, ...]
    medium: str
    evidence_ref: str
    received_at: datetime
    revoked_at: datetime | None = None

    def binds_at(self, instant: datetime) -> bool:
        return self.received_at <= instant and (self.revoked_at is None or instant < self.revoked_at)

    def forbids(self, channel: Channel, case_id: UUID | None = None) -> bool:
        return (not self.channels or channel in self.channels) and (not self.case_ids or case_id in self.case_ids)


class ConsentGiven(Fact):
    consent: Consent

    def apply(self, person: Person) -> None:
        person.agreement.consents[self.consent.consent_id] = self.consent


class ConsentWithdrawn(Fact):
    consent_id: UUID
    reason_code: str
    evidence_ref: str

    def apply(self, person: Person) -> None:
        consents = person.agreement.consents
        consents[self.consent_id] = replace(consents[self.consent_id], withdrawn_at=self.timestamp)


class PreferenceSet(Fact):
    preference: Preference

    def apply(self, person: Person) -> None:
        person.agreement.preferences[self.preference.person_id] = self.preference


class CeaseCommunicationReceived(Fact):
    cease: Cease

    def apply(self, person: Person) -> None:
        person.agreement.ceases[self.cease.cease_id] = self.cease


class CeaseCommunicationRevoked(Fact):
    cease_id: UUID
    reason_code: str
    evidence_ref: str

    def apply(self, person: Person) -> None:
        ceases = person.agreement.ceases
        ceases[self.cease_id] = replace(ceases[self.cease_id], revoked_at=self.timestamp)


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Agreement:
    consents: dict[UUID, Consent] = field(default_factory=dict)
    preferences: dict[UUID, Preference] = field(default_factory=dict)
    """By the person they were recorded of: one of its own, and one of each that was merged into it."""
    ceases: dict[UUID, Cease] = field(default_factory=dict)

    def consents_at(self, instant: datetime, kind: ConsentKind) -> Iterator[Consent]:
        return (consent for consent in self.consents.values() if consent.kind is kind and consent.stands_at(instant))

    def ceases_at(self, instant: datetime) -> Iterator[Cease]:
        return (cease for cease in self.ceases.values() if cease.binds_at(instant))


# What may be decided ---------------------------------------------------------


class ConsentIsUnknown(IsUnknown):
    """The person has given no such consent."""


class CeaseIsUnknown(IsUnknown):
    """The person has not asked for that."""


class ConsentHasExpired(Refusal):
    """The consent has run out by itself."""


class PersonHasTooManyConsents(Refusal):
    """The person has given as many consents as are kept."""


def give_consent(person: Person, consent: Consent) -> None:
    person.must_be_live()
    if consent.consent_id in person.agreement.consents:
        return
    if len(person.agreement.consents) >= CONSENTS_PER_PERSON_MAX:
        raise PersonHasTooManyConsents(consents_max=CONSENTS_PER_PERSON_MAX)
    if consent.kind is ConsentKind.HOURS and not consent.windows:
        raise IsInvalid("windows", "says to which hours the person consents")
    if consent.expires_at is not None and consent.expires_at <= consent.given_at:
        raise IsInvalid("expires_at", "lies before the consent was given")
    person.tell(ConsentGiven(**person.next(), consent=consent))


def withdraw_consent(person: Person, consent_id: UUID, reason_code: str, evidence_ref: str = "") -> None:
    person.must_be_live()
    consent = person.agreement.consents.get(consent_id)
    if consent is None:
        raise ConsentIsUnknown(consent_id=consent_id)
    if consent.withdrawn_at is not None:
        return
    if consent.expires_at is not None and consent.expires_at <= person.now:
        raise ConsentHasExpired(expired_at=consent.expires_at.isoformat())
    person.tell(ConsentWithdrawn(**person.next(), consent_id=consent_id, reason_code=reason_code, evidence_ref=evidence_ref))


def set_preference(person: Person, preference: Preference) -> None:
    person.must_be_live()
    known = person.agreement.preferences.get(preference.person_id)
    if known is None or replace(known, set_at=preference.set_at, source=preference.source) != preference:
        person.tell(PreferenceSet(**person.next(), preference=preference))


def cease_communication(person: Person, cease: Cease) -> None:
    """Never refused: whatever else is wrong, the person is left alone."""
    person.must_be_live()
    if cease.cease_id not in person.agreement.ceases:
        person.tell(CeaseCommunicationReceived(**person.next(), cease=cease))


def revoke_cease(person: Person, cease_id: UUID, reason_code: str, evidence_ref: str) -> None:
    person.must_be_live()
    cease = person.agreement.ceases.get(cease_id)
    if cease is None:
        raise CeaseIsUnknown(cease_id=cease_id)
    if cease.revoked_at is None:
        person.tell(CeaseCommunicationRevoked(**person.next(), cease_id=cease_id, reason_code=reason_code, evidence_ref=evidence_ref))
