"""Asked of one case: why it is in its bucket: the report and the set of buckets behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.api.story import fact_of
from services.cases.api.why import arrears, day
from services.cases.domain import lateness
from services.cases.domain.buckets import Bucket, BucketUnit
from services.cases.domain.case import Case
from services.chassis.log.units import Record
from services.chassis.rpc import Context, words


class Explanations(Desk):
    async def ExplainBucket(self, request: pb.ExplainBucketRequest, context: Context) -> pb.ExplainBucketResponse:
        at = await self._moment(words.caller(context), request)
        records = await self._log.read_stream(at.case.id, words.caller(context).tenant_id, words.instant_or_none(request, "as_known_at"))
        case, terms = at.case, at.case.terms.at(at.as_of)
        units = lateness.of_case(case).units_on(at.as_of)
        in_range = None if units is None else terms.bucket_set.bucket_of(units)
        grounds = _grounds(case, at.as_of, records)
        return pb.ExplainBucketResponse(
            bucket="" if in_range is None else in_range.name,
            as_of=words.wire_date(at.as_of),
            as_known_at=words.timestamp(at.known_at),
            past_due_units=units,
            unit=wire.wire_value(terms.bucket_set.unit, types.BucketUnit),
            bucket_set_version=terms.bucket_set.version,
            range=None if in_range is None else wire.wire_bucket(in_range),
            grounds=grounds,
            sentence=_sentence(at.as_of, units, terms.bucket_set.unit, terms.bucket_set.version, in_range, grounds),
        )


def _grounds(case: Case, as_of: date, records: Sequence[Record]) -> list[pb.BucketGround]:
    """The report that counts on that day, by its latest word, and the terms whose buckets were in force."""
    reported_on = max((known for known in case.delinquency.reports if known <= as_of), default=None)
    set_version = case.terms.at(as_of).bucket_set.version
    of_terms: tuple[Record, told.CaseEvent] | None = None
    of_report: tuple[Record, told.CaseEvent] | None = None
    for record in records:
        event = told.CaseEvent.FromString(record.event)
        fact: Any = fact_of(event)
        match fact:
            case told.CaseRegistered() | told.CaseTermsChanged() if fact.terms.bucket_set.version == set_version and of_terms is None:
                of_terms = record, event
            case told.ArrearsReported() if reported_on is not None and day(fact.as_of) == reported_on.isoformat():
                of_report = record, event
            case _:
                continue
    return [_ground(*ground) for ground in (of_terms, of_report) if ground is not None]


def _ground(record: Record, event: told.CaseEvent) -> pb.BucketGround:
    fact: Any = fact_of(event)
    says = arrears(fact) if isinstance(fact, told.ArrearsReported) else f"bucket set {fact.terms.bucket_set.version} is in force"
    return pb.BucketGround(
        version=record.version,
        occurred_at=event.meta.occurred_at,
        recorded_at=words.timestamp(record.recorded_at),
        type=record.type_name.rpartition(".")[2],
        says=says,
    )


def _sentence(
    as_of: date, units: int | None, unit: BucketUnit, version: str, in_range: Bucket | None, grounds: Sequence[pb.BucketGround]
) -> str:
    if in_range is None:
        return f"On {as_of} the case is in no bucket: nobody has said yet how late it is."
    holds = "everything" if in_range.from_ is None and in_range.to is None else _range(in_range)
    return (
        f"On {as_of} the case is in bucket {in_range.name}: {grounds[-1].says}, which makes {units} {unit.name.lower()} past due on that"
        f" day, and in set {version} this bucket holds {holds}."
    )


def _range(bucket: Bucket) -> str:
    if bucket.from_ is None:
        return f"{bucket.to} and less"
    if bucket.to is None:
        return f"{bucket.from_} and more"
    return f"{bucket.from_} to {bucket.to}" if bucket.from_ != bucket.to else f"exactly {bucket.from_}"
