"""The words of messages, off the wire and back. Nothing here decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from acuerdo.contacts.v1 import messages_pb2 as pb
from acuerdo.contacts.v1 import types_pb2 as types
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.rpc import words
from services.contacts.adapters import liquid_texts
from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.interaction import Interaction
from services.contacts.domain.outcomes import FLAGS_OF, MappedCode, Outcome, OutcomeFlag
from services.contacts.domain.template import Template, TemplateVersion
from services.contacts.domain.variables import sample_values

E = TypeVar("E", bound=Enum)

# Enumerations: the same member names, the wire's with the enumeration's name before them ------------------------------------


def member(kind: type[E], wire: Any, value: Any) -> E:
    """The domain's member of that wire value."""
    return kind[wire.Name(value).removeprefix(_prefix(wire.DESCRIPTOR.name))]


def wire_value(member_: Enum | None, wire: Any) -> Any:
    """None: unspecified."""
    return 0 if member_ is None else wire.Value(_prefix(wire.DESCRIPTOR.name) + member_.name)


@cache
def _prefix(name: str) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name).lstrip("_") + "_"


def channel(value: Any) -> Channel:
    return member(Channel, types.Channel, value)


def direction(value: Any) -> Direction:
    return member(Direction, types.Direction, value)


def purpose(value: Any) -> Purpose:
    return member(Purpose, types.Purpose, value)


def flags(values: Iterable[Any]) -> tuple[OutcomeFlag, ...]:
    return tuple(member(OutcomeFlag, pb.OutcomeFlag, value) for value in values)


def wire_flags(of: Iterable[OutcomeFlag]) -> list[Any]:
    return [wire_value(flag, pb.OutcomeFlag) for flag in of]


# Templates and codes -----------------------------------------------------------------------------------------------------------


def wire_version(version: TemplateVersion) -> pb.TemplateVersion:
    sample = liquid_texts.render(version.source, sample_values(version.locale))
    return pb.TemplateVersion(
        version=version.version,
        state=f"STATE_{version.state.name}",
        locale=version.locale,
        jurisdiction=version.jurisdiction,
        subject=version.source.subject,
        body=version.source.body,
        source_hash=version.source_hash,
        variables=version.variables,
        needs=version.needs,
        checks=wire_checks(version),
        author=version.author,
        approver=version.approver,
        sample_subject=sample.subject,
        sample_body=sample.body,
    )


def wire_checks(version: TemplateVersion) -> list[pb.ContentCheck]:
    return [pb.ContentCheck(rule_id=check.rule_id, cite=check.cite) for check in version.checks]


def wire_template(template: Template) -> pb.GetTemplateResponse:
    return pb.GetTemplateResponse(
        template_id=str(template.id),
        name=template.name,
        channel=wire_value(template.channel, types.Channel),
        purpose=wire_value(template.purpose, types.Purpose),
        versions=[wire_version(version) for version in template.versions.values()],
        etag=str(template.version),
    )


def wire_core(outcome: Outcome) -> pb.OutcomeCode:
    return pb.OutcomeCode(code=outcome.name, outcome=wire_value(outcome, pb.Outcome), flags=wire_flags(FLAGS_OF[outcome]), is_core=True)


def wire_code(code: str, mapped: MappedCode) -> pb.OutcomeCode:
    said = {*FLAGS_OF[mapped.outcome], *mapped.flags}
    return pb.OutcomeCode(
        code=code,
        outcome=wire_value(mapped.outcome, pb.Outcome),
        flags=wire_flags(flag for flag in OutcomeFlag if flag in said),
        label=mapped.label,
    )


# Interactions -------------------------------------------------------------------------------------------------------------------


def wire_interaction(of: Interaction) -> pb.Interaction:
    contact, message, sent, result = of.contact, of.message, of.dispatched, of.result
    return pb.Interaction(
        interaction_id=str(of.id),
        case_id=str(contact.case_id),
        person_id=str(contact.person_id),
        channel=wire_value(contact.channel, types.Channel),
        direction=wire_value(contact.direction, types.Direction),
        purpose=wire_value(contact.purpose, types.Purpose),
        state=wire_value(of.state, pb.InteractionState),
        started_at=_at(of.started_at),
        dispatched_at=_at(sent.at if sent else None),
        delivered_at=_at(of.delivered_at),
        permit_id=_id(contact.permit_id),
        is_breach=of.is_breach,
        point_id=_id(contact.point_id),
        template_id=_id(message.template_id if message else None),
        template_version=message.template_version if message else 0,
        promise_id=_id(message.promise_id if message else None),
        link_id=_id(of.link_id),
        rendered_hash=sent.rendered_hash if sent else b"",
        provider_ref=sent.provider_ref if sent else "",
        tries=sent.tries if sent else 0,
        cause=wire_value(of.cause, pb.DeliveryCause),
        reason_code=of.reason_code,
        code=result.code if result else "",
        outcome=wire_value(result.outcome if result else None, pb.Outcome),
        flags=wire_flags(result.flags if result else ()),
        duration_seconds=of.duration_seconds,
        reported_by=of.reported_by,
        request_ref=_id(contact.request_ref),
        etag=str(of.version),
    )


def _id(of: UUID | None) -> str:
    return "" if of is None else str(of)


def _at(at: datetime | None) -> Timestamp | None:
    return None if at is None else words.timestamp(at)
