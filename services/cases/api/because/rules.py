"""The versions of the rules behind an answer: of the buckets, of the counting, of whose word counts, of holds."""

from __future__ import annotations

from datetime import date

from acuerdo.cases.v1 import explain_pb2 as pb

from services.cases.api.because.chain import Chain
from services.cases.api.why import money
from services.cases.domain import hold_rules
from services.cases.domain.arrears import policy_on
from services.cases.domain.buckets import Bucket
from services.cases.domain.case import Case
from services.cases.domain.terms import Authority
from services.chassis.rpc import words
from services.kernel.money import Money


def bucket_set(case: Case, day: date) -> pb.RuleInForce:
    of = case.terms.at(day).bucket_set
    says = ", ".join(f"{bucket.name}: {range_of(bucket)}" for bucket in of.buckets)
    return pb.RuleInForce(kind="BUCKET_SET", version=of.version, says=f"in {of.unit.name.lower()}: {says}")


def policy(case: Case, day: date, chain: Chain) -> pb.RuleInForce:
    of = policy_on(case.terms, day)
    counted = ", ".join(component.name.lower() for component in of.counted_components) or "all components"
    tolerance = money(words.wire_money(Money(case.currency_code, of.tolerance_minor_units)))
    pauses = "days on hold count" if of.ignores_pauses else "days on hold do not count"
    says = f"{of.grace_days} days of grace, up to {tolerance} unpaid is tolerated, {counted} counted, {pauses}"
    return pb.RuleInForce(kind="DELINQUENCY_POLICY", version=_version(chain, day), says=says)


def balance_authority(case: Case, day: date, chain: Chain) -> pb.RuleInForce:
    ours = case.terms.at(day).balance_authority is Authority.OURS
    says = "our ledger counts" if ours else "the creditor's word counts; where there is none yet, our ledger"
    return pb.RuleInForce(kind="BALANCE_AUTHORITY", version=_version(chain, day), says=says)


def holds(known_on: date) -> pb.RuleInForce:
    says = "what any hold stops is stopped, whatever the others do; each day on hold is counted once"
    return pb.RuleInForce(kind="HOLD_RULES", version=hold_rules.version_on(known_on), says=says)


def range_of(bucket: Bucket) -> str:
    if bucket.from_ is None:
        return "everything" if bucket.to is None else f"{bucket.to} and less"
    if bucket.to is None:
        return f"{bucket.from_} and more"
    return f"{bucket.from_} to {bucket.to}" if bucket.from_ != bucket.to else f"exactly {bucket.from_}"


def _version(chain: Chain, day: date) -> str:
    """Terms have no name of their own: the version of the fact that brought them to the case."""
    return str(chain.terms_on(day).record.version)
