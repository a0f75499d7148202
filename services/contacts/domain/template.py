"""Templates: what messages say, in numbered versions; a version is sent once somebody else than its author has approved it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from services.contacts.domain.channels import Channel, Purpose
from services.contacts.domain.content_rules import CONTENT_RULES_VERSION, first_breach, rules_for
from services.kernel import ids
from services.kernel.facts import Fact, Stream
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

TEMPLATE_VERSIONS_MAX = 500


@dataclass(frozen=True, slots=True)
class Text:
    """A subject and a body: as written, or as rendered."""

    subject: str
    body: str

    @property
    def hash(self) -> bytes:
        """SHA-256 of subject, a zero byte and body."""
        return hashlib.sha256(self.subject.encode() + b"\x00" + self.body.encode()).digest()


@dataclass(frozen=True, slots=True)
class Examined:
    """What a draft turned out to be."""

    variables: tuple[str, ...]
    needs: tuple[str, ...]
    """Without these it cannot be rendered at all."""
    says: tuple[str, ...]
    """These it says in each of its renderings."""
    renderings: tuple[Text, ...]
    """With samples: complete, and without each thing that a message may lack."""


Examine = Callable[[Text, str], Examined]
"""Port: (source, locale). Raises IsInvalid where the text cannot be read or rendered."""

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContentCheck:
    rule_id: str
    cite: str


class TemplateDrafted(Fact):
    template_id: UUID
    version: int
    name: str
    channel: Channel
    purpose: Purpose
    locale: str
    jurisdiction: str
    subject: str
    body: str
    source_hash: bytes
    variables: tuple[str, ...]
    checks: tuple[ContentCheck, ...]
    content_rules_version: str
    author: str
    needs: tuple[str, ...]

    def apply(self, template: Template) -> None:
        template.name, template.channel, template.purpose = self.name, self.channel, self.purpose
        template.versions[self.version] = TemplateVersion(
            self.version,
            self.locale,
            self.jurisdiction,
            Text(self.subject, self.body),
            self.source_hash,
            self.variables,
            self.needs,
            self.checks,
            self.author,
        )


class MessageTemplateApproved(Fact):
    template_id: UUID
    version: int
    source_hash: bytes
    approver: str

    def apply(self, template: Template) -> None:
        version = template.versions[self.version]
        version.state, version.approver = TemplateState.APPROVED, self.approver


class MessageTemplateRetired(Fact):
    template_id: UUID
    version: int
    reason_code: str

    def apply(self, template: Template) -> None:
        template.versions[self.version].state = TemplateState.RETIRED


# Where it stands -------------------------------------------------------------


class TemplateState(Enum):
    DRAFT = "DRAFT"
    APPROVED = "APPROVED"
    RETIRED = "RETIRED"


@dataclass(slots=True)
class TemplateVersion:
    """One version, exactly as drafted; only its state changes."""

    version: int
    locale: str
    jurisdiction: str
    source: Text
    source_hash: bytes
    variables: tuple[str, ...]
    needs: tuple[str, ...]
    checks: tuple[ContentCheck, ...]
    author: str
    state: TemplateState = TemplateState.DRAFT
    approver: str = ""

    def may_be_sent_in(self, jurisdiction: str) -> bool:
        """What was checked for a country may be sent in its subdivisions: rules of a subdivision come with a version of its own."""
        return self.state is TemplateState.APPROVED and self.jurisdiction in (jurisdiction, jurisdiction[:2])


class Template(Stream):
    begins_with = ("TemplateDrafted",)

    def __init__(self) -> None:
        self.name = ""
        self.channel = Channel.EMAIL
        self.purpose = Purpose.SERVICE
        self.versions: dict[int, TemplateVersion] = {}

    def best_version(self, jurisdiction: str, language: str) -> TemplateVersion | None:
        """The newest that may be sent there in that language; else the newest that may be sent there at all."""
        there = [version for version in self.versions.values() if version.may_be_sent_in(jurisdiction)]
        # A subdivision's own text before the country's.
        own = [version for version in there if version.jurisdiction == jurisdiction] or there
        spoken = [version for version in own if language and version.locale[:2] == language[:2]] or own
        return max(spoken, key=lambda version: version.version, default=None)

    def known(self, version: int) -> TemplateVersion:
        if version not in self.versions:
            raise TemplateVersionIsUnknown(version=version, latest_version=len(self.versions))
        return self.versions[version]


def stream_of(tenant_id: str, name: str) -> UUID:
    """The stream, and so the template_id, of a tenant's template of that name."""
    return ids.derived("template", tenant_id, name)


# What may be decided ---------------------------------------------------------


class TemplateIsUnknown(IsUnknown):
    """There is no such template."""


class TemplateVersionIsUnknown(IsUnknown):
    """The template has no such version."""


class AuthorMayNotApprove(Refusal):
    """A template is approved by somebody else than its author."""


class TemplateVersionIsRetired(Refusal):
    """The version was retired: draft it again."""


class TemplateHasTooManyVersions(Refusal):
    """The template has as many versions as it may."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A version as it is asked for."""

    name: str
    channel: Channel
    purpose: Purpose
    locale: str
    jurisdiction: str
    source: Text
    author: str


def draft(template: Template, asked: Draft, examine: Examine) -> None:
    """The next version, not sent before it is approved. The same text again, in the same place: told once."""
    if asked.channel is not Channel.EMAIL:
        raise IsInvalid("channel", "is not one we send by: EMAIL")
    if template.exists and (asked.channel, asked.purpose) != (template.channel, template.purpose):
        raise IsInvalid("purpose", "is another than the template's: give it another name")
    source_hash = asked.source.hash
    if version_of(template, asked) is not None:
        return
    if len(template.versions) >= TEMPLATE_VERSIONS_MAX:
        raise TemplateHasTooManyVersions(versions_max=TEMPLATE_VERSIONS_MAX)
    examined = examine(asked.source, asked.locale)
    _check_content(asked, examined)
    template.tell(
        TemplateDrafted(
            **template.next(),
            template_id=template.id,
            version=len(template.versions) + 1,
            name=asked.name,
            channel=asked.channel,
            purpose=asked.purpose,
            locale=asked.locale,
            jurisdiction=asked.jurisdiction,
            subject=asked.source.subject,
            body=asked.source.body,
            source_hash=source_hash,
            variables=examined.variables,
            checks=tuple(ContentCheck(rule.id, rule.cite) for rule in rules_for(asked.jurisdiction)),
            content_rules_version=CONTENT_RULES_VERSION,
            author=asked.author,
            needs=examined.needs,
        )
    )


def version_of(template: Template, asked: Draft) -> int | None:
    """The version that says exactly this, in this place, and is not retired."""
    same = (asked.source.hash, asked.locale, asked.jurisdiction)
    return next(
        (
            each.version
            for each in template.versions.values()
            if (each.source_hash, each.locale, each.jurisdiction) == same and each.state is not TemplateState.RETIRED
        ),
        None,
    )


def approve(template: Template, version: int, approver: str) -> None:
    """Four eyes: by another than whoever drafted it."""
    _must_exist(template)
    found = template.known(version)
    if found.state is TemplateState.RETIRED:
        raise TemplateVersionIsRetired(version=version)
    if approver == found.author:
        raise AuthorMayNotApprove(version=version)
    if found.state is TemplateState.DRAFT:
        template.tell(
            MessageTemplateApproved(
                **template.next(), template_id=template.id, version=version, source_hash=found.source_hash, approver=approver
            )
        )


def retire(template: Template, version: int, reason_code: str) -> None:
    _must_exist(template)
    if template.known(version).state is not TemplateState.RETIRED:
        template.tell(MessageTemplateRetired(**template.next(), template_id=template.id, version=version, reason_code=reason_code))


def _must_exist(template: Template) -> None:
    if not template.exists:
        raise TemplateIsUnknown


def _check_content(asked: Draft, examined: Examined) -> None:
    source, *renderings = (f"{text.subject}\n{text.body}" for text in (asked.source, *examined.renderings))
    breach = first_breach(asked.jurisdiction, asked.locale, examined.says, source, renderings)
    if breach is not None:
        raise IsInvalid("body", f"{breach.description} ({breach.rule.id}: {breach.rule.cite})")
