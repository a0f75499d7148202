"""Rule packs: a tenant's contact rules, each version published once and never changed, and which of them is in force from when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.contacts.domain.policy.pack import Pack, PackInForce
from services.kernel import ids
from services.kernel.facts import Fact, Stream
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

PACK_VERSIONS_MAX = 500

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HolidayDates:
    """The holidays of a country, or of a part of it, in some years."""

    calendar: str
    subdivision: str
    library: str
    first_year: int
    last_year: int
    days: tuple[int, ...]
    """Days since 1970-01-01."""


class RulePackPublished(Fact):
    pack: str
    version: str
    digest: bytes
    content: bytes
    holidays: tuple[HolidayDates, ...]
    status: str
    vectors_passed: int

    def apply(self, packs: RulePacks) -> None:
        packs.published[self.pack, self.version] = PublishedPack(
            self.pack, self.version, self.digest, self.content, self.holidays, self.status, self.vectors_passed, self.timestamp
        )


class RulePackActivated(Fact):
    pack: str
    version: str
    digest: bytes
    from_: datetime
    is_shadow: bool
    review_ref: str

    def apply(self, packs: RulePacks) -> None:
        packs.activations.append(Activation(self.pack, self.version, self.from_, self.is_shadow))


class RulePackDeactivated(Fact):
    pack: str
    from_: datetime
    reason_code: str

    def apply(self, packs: RulePacks) -> None:
        packs.activations.append(Activation(self.pack, "", self.from_, False))


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublishedPack:
    id: str
    version: str
    digest: bytes
    content: bytes
    holidays: tuple[HolidayDates, ...]
    status: str
    vectors_passed: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Activation:
    pack_id: str
    version: str
    """Empty: from then on none."""
    from_: datetime
    is_shadow: bool


ReadPack = Callable[[PublishedPack], Pack]
"""Port: the pack of published bytes, with the dates of its holidays. The same for the same digest."""


class RulePacks(Stream):
    def __init__(self) -> None:
        self.published: dict[tuple[str, str], PublishedPack] = {}
        self.activations: list[Activation] = []
        """As told. Of one pack, what was told later covers everything from its instant on."""

    def in_force_at(self, instant: datetime, read: ReadPack) -> list[PackInForce]:
        """By id. A pack may be in force and, in another version, be tried at the same time."""
        return [self._in_force(activation, read) for activation in self.standing_at(instant)]

    def standing_at(self, instant: datetime) -> list[Activation]:
        """By id; one on trial after the one in force."""
        found = [activation for by_pack in self._at(instant).values() for activation in by_pack]
        return sorted(found, key=lambda activation: (activation.pack_id, activation.is_shadow))

    def _in_force(self, activation: Activation, read: ReadPack) -> PackInForce:
        published = self.published[activation.pack_id, activation.version]
        return PackInForce(read(published), published.digest, activation.is_shadow)

    def _at(self, instant: datetime) -> dict[str, list[Activation]]:
        """At most one in force and one on trial of each pack."""
        by_pack: dict[str, dict[bool, Activation]] = {}
        for activation in self.activations:
            if activation.from_ > instant:
                continue
            known = by_pack.setdefault(activation.pack_id, {})
            before = known.get(activation.is_shadow)
            if not activation.version:
                known.clear()
            elif before is None or before.from_ <= activation.from_:
                known[activation.is_shadow] = activation
                shadow = known.get(True)
                if not activation.is_shadow and shadow is not None and shadow.version == activation.version:
                    del known[True]
        return {pack_id: list(known.values()) for pack_id, known in by_pack.items()}

    def known(self, pack_id: str, version: str) -> PublishedPack:
        found = self.published.get((pack_id, version))
        if found is None:
            raise RulePackIsUnknown(pack=pack_id, version=version)
        return found


def stream_of(tenant_id: str) -> UUID:
    """The stream of the tenant's packs."""
    return ids.derived("rule-packs", tenant_id)


# What may be decided ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vector:
    """A test of a pack that its vectors failed."""

    name: str
    differs: str


class RulePackIsUnknown(IsUnknown):
    """There is no such version of the pack."""


class RulePackVersionIsTaken(Refusal):
    """That version of the pack was published before with other words: publish them as another version."""


class RulePackFailsItsVectors(Refusal):
    """The pack does not do what its own test vectors say."""


class RulePackHasNoVectors(Refusal):
    """A pack says by test vectors what it does."""


class RulePackIsDraft(Refusal):
    """The pack's authors call it a draft: say who has looked at the law (review_ref), or try it without effect first."""


class RulePackIsRetired(Refusal):
    """The pack's authors have withdrawn it."""


class RulePackStandsOnAnother(Refusal):
    """The pack stacks on another one that is not in force then."""


class TooManyRulePacks(Refusal):
    """The tenant has published as many versions of packs as it may."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pack as read, its vectors run."""

    pack: Pack
    digest: bytes
    content: bytes
    holidays: tuple[HolidayDates, ...]
    vectors: int
    failing: tuple[Vector, ...]


def publish(packs: RulePacks, candidate: Candidate) -> None:
    """Store it as published, not yet in force. The same again: told once."""
    pack = candidate.pack
    known = packs.published.get((pack.id, pack.version))
    if known is not None:
        if known.digest != candidate.digest:
            raise RulePackVersionIsTaken(pack=pack.id, version=pack.version, digest=known.digest.hex())
        return
    check_vectors(candidate)
    if len(packs.published) >= PACK_VERSIONS_MAX:
        raise TooManyRulePacks(versions_max=PACK_VERSIONS_MAX)
    packs.tell(
        RulePackPublished(
            **packs.next(),
            pack=pack.id,
            version=pack.version,
            digest=candidate.digest,
            content=candidate.content,
            holidays=candidate.holidays,
            status=pack.status,
            vectors_passed=candidate.vectors,
        )
    )


def check_vectors(candidate: Candidate) -> None:
    pack = candidate.pack
    if candidate.vectors == 0:
        raise RulePackHasNoVectors(pack=pack.id, version=pack.version)
    if candidate.failing:
        said = "; ".join(f"{vector.name}: {vector.differs}" for vector in candidate.failing[:5])
        raise RulePackFailsItsVectors(pack=pack.id, version=pack.version, failing=len(candidate.failing), vectors=said[:1_500])


def activate(
    packs: RulePacks, pack_id: str, version: str, from_: datetime | None, is_shadow: bool, review_ref: str, read: ReadPack
) -> None:
    """From an instant on, not before now: what was decided stays decided."""
    published = packs.known(pack_id, version)
    start = from_ or packs.now
    if start < packs.now:
        raise IsInvalid("from", "lies in the past")
    if published.status == "retired":
        raise RulePackIsRetired(pack=pack_id, version=version)
    if published.status == "draft" and not is_shadow and not review_ref.strip():
        raise RulePackIsDraft(pack=pack_id, version=version)
    there = {one.pack.id for one in packs.in_force_at(start, read) if not one.is_shadow}
    lacking = [needed for needed in read(published).stacks_on if needed not in there]
    if lacking and not is_shadow:
        raise RulePackStandsOnAnother(pack=pack_id, version=version, stacks_on=", ".join(lacking))
    if any(one.pack_id == pack_id and (one.version, one.is_shadow) == (version, is_shadow) for one in packs._at(start).get(pack_id, [])):
        return
    packs.tell(
        RulePackActivated(
            **packs.next(),
            pack=pack_id,
            version=version,
            digest=published.digest,
            from_=start,
            is_shadow=is_shadow,
            review_ref=review_ref,
        )
    )


def deactivate(packs: RulePacks, pack_id: str, from_: datetime | None, reason_code: str) -> None:
    start = from_ or packs.now
    if start < packs.now:
        raise IsInvalid("from", "lies in the past")
    if all(published != pack_id for published, _ in packs.published):
        raise RulePackIsUnknown(pack=pack_id)
    if packs._at(start).get(pack_id):
        packs.tell(RulePackDeactivated(**packs.next(), pack=pack_id, from_=start, reason_code=reason_code))
