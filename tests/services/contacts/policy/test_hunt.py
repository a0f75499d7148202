"""What holds for every pack and every history: more contacts never allow more, more consent never allows less, a next instant is first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

from acuerdo.contacts.v1 import decisions_pb2
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.chassis.wire.writing import Writers
from services.contacts.adapters import pack_store
from services.contacts.domain.policy.deciding import decide
from services.contacts.domain.policy.decision import ContactDecision
from services.contacts.domain.policy.facts import Action, Attempt, Consent, Evidence, Facts, Flag, Location, PersonalTimes, Window
from services.contacts.domain.policy.pack import PackInForce
from services.contacts.domain.policy.terms import Verdict
from tests.services.contacts.policy.examples import a_rule, an_id, pack_of

OURS = [
    PackInForce(replace(candidate.pack, country="any", subdivision=""), candidate.digest)
    for path in sorted((Path(__file__).parents[4] / "data" / "packs").glob("*.yaml"))
    for candidate in pack_store.candidates(path.read_bytes())
]
NOON = datetime(2026, 3, 25, 11, tzinfo=UTC)
"""The days around it hold a change of clocks in Europe and, three weeks before, in America."""
ONE_SECOND, ONE_DAY = timedelta(seconds=1), timedelta(days=1)
NAMES = ["a", "b", "c"]
CHANNELS = ["call", "sms", "email"]
ZONES = ["Europe/Madrid", "Atlantic/Canary", "America/New_York", "America/Bogota", "Asia/Taipei", "Australia/Lord_Howe"]
write: Any = Writers().writer(ContactDecision, get_type_hints(ContactDecision), decisions_pb2.ContactDecision.DESCRIPTOR)  # type: ignore[arg-type]

thorough = settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])

# Anything ----------------------------------------------------------------------

instants = st.integers(-16 * 24 * 60, 3 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes, seconds=minutes % 60))
past = st.integers(1, 20 * 24 * 60).map(lambda minutes: NOON - timedelta(minutes=minutes))
names = st.sampled_from(NAMES).map(an_id)
some = st.frozensets(names, max_size=2)


@st.composite
def attempts(draw: st.DrawFn, is_outbound: bool | None = None) -> Attempt:
    at, spoke = draw(past), draw(st.booleans())
    return Attempt(
        id=an_id(draw(st.integers(0, 10**9))),
        at=at,
        channel=draw(st.sampled_from(CHANNELS)),
        is_outbound=draw(st.booleans()) if is_outbound is None else is_outbound,
        creditor_id=draw(names),
        case_id=draw(names),
        campaign=draw(st.sampled_from(["", "x"])),
        debts=draw(some),
        conversation_debts=draw(some),
        point_id=draw(names),
        is_connected=draw(st.booleans()),
        conversed_at=at + timedelta(minutes=draw(st.integers(0, 90))) if spoke else None,
        is_direct=spoke,
    )


@st.composite
def consents(draw: st.DrawFn) -> Consent:
    window = Window(frozenset(range(1, 8)), draw(st.sampled_from([0, 420, 1260])), draw(st.sampled_from([1320, 1440])))
    return Consent(
        kind=draw(st.sampled_from(["contact", "frequency", "hours", "time"])),
        given_at=draw(past),
        ends_at=draw(st.none() | instants),
        channels=draw(st.frozensets(st.sampled_from(CHANNELS), max_size=2)),
        debts=draw(some),
        windows=(window,),
        instrument=draw(st.sampled_from(["SEPARATE_DOCUMENT", "CONTRACT"])),
        is_given_to_creditor=draw(st.booleans()),
    )


@st.composite
def histories(draw: st.DrawFn) -> Facts:
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2))
    suits = PersonalTimes("consumer", (Window(frozenset({2, 4}), 0, 1440),), False, draw(past))
    flag = Flag(
        draw(st.sampled_from(["stop_medium", "attorney_known"])), draw(past), draw(st.none() | instants), channels=frozenset({"sms"})
    )
    return Facts(
        jurisdiction="ES",
        attempts=tuple(sorted(draw(st.lists(attempts(), max_size=12)), key=lambda attempt: attempt.at)),
        consents=tuple(draw(st.lists(consents(), max_size=3))),
        personal_times=(suits,) if draw(st.booleans()) else (),
        flags=(flag,) if draw(st.booleans()) else (),
        evidence=(Evidence("text_consent", draw(past)),),
        location=Location(by_evidence=tuple((f"evidence-{place}", (zone,)) for place, zone in enumerate(zones)), country="ES"),
    )


@st.composite
def rules(draw: st.DrawFn) -> PackInForce:
    key = draw(
        st.lists(st.sampled_from(["person", "debt", "creditor", "case", "campaign", "address"]), min_size=1, max_size=3, unique=True)
    )
    unit = draw(st.sampled_from(["attempt", "connected_call", "conversation", "direct_contact"]))
    window = draw(
        st.sampled_from(
            [
                {"kind": "calendar_days", "days": 1},
                {"kind": "calendar_days", "days": 7},
                {"kind": "rolling_hours", "hours": 36},
                {"kind": "iso_week"},
                {"kind": "calendar_month"},
                {"kind": "ever"},
            ]
        )
    )
    exclude = draw(st.lists(st.sampled_from(["consent_calls_7d", "not_connected"]), unique=True))
    calls = [name for name in exclude if name == "consent_calls_7d"]
    hours = {"mon-fri": ["01:30-03:15", "09:00-21:00"]}
    made = [
        a_rule("count_limit", "T.COUNT", unit=unit, key=key, max=draw(st.integers(1, 4)), window=window, exclude=exclude),
        a_rule("cooldown", "T.COOL", trigger=unit, key=key, days=draw(st.integers(1, 9)), exclude=calls),
        a_rule("min_gap", "T.GAP", unit=unit, key=key, minutes=draw(st.integers(1, 3_000))),
        a_rule("channel_exclusive", "T.ONE", trigger=unit, key=key, window=window, unanswered_counts=draw(st.booleans())),
        a_rule("time_windows", "T.TIME", windows=hours, holidays="open", **{"except": ["prior_consent_time"]}),
        a_rule("allow_list", "T.LIST", list="authorised_channels"),
    ]
    wanted = draw(st.lists(st.sampled_from(range(len(made))), min_size=1, max_size=3, unique=True))
    return pack_of(*(made[place] for place in sorted(wanted)))


packs = rules() | st.sampled_from(OURS)
actions = st.builds(
    Action, channel=st.sampled_from(CHANNELS), case_id=names, creditor_id=names, debts=some, point_id=names, cli_type=st.just("900")
)


def denies(decision: ContactDecision) -> bool:
    return decision.verdict is Verdict.DENY


# What holds ---------------------------------------------------------------------


@thorough
@given(packs, histories(), actions, attempts(is_outbound=True), instants)
def test_one_more_contact_never_allows_what_was_denied(
    pack: PackInForce, facts: Facts, action: Action, more: Attempt, at: datetime
) -> None:
    with_more = replace(facts, attempts=tuple(sorted((*facts.attempts, more), key=lambda attempt: attempt.at)))
    if denies(decide([pack], facts, action, at)):
        assert denies(decide([pack], with_more, action, at))


@thorough
@given(packs, histories(), actions, consents(), instants)
def test_one_more_consent_never_denies_what_was_allowed(
    pack: PackInForce, facts: Facts, action: Action, more: Consent, at: datetime
) -> None:
    if denies(decide([pack], replace(facts, consents=(*facts.consents, more)), action, at)):
        assert denies(decide([pack], facts, action, at))


@thorough
@given(packs, packs, histories(), actions, instants)
def test_one_more_pack_never_loosens(pack: PackInForce, other: PackInForce, facts: Facts, action: Action, at: datetime) -> None:
    renamed = PackInForce(replace(other.pack, id="zz-other"), other.digest)
    alone, together = decide([pack], facts, action, at), decide([pack, renamed], facts, action, at)
    assume(pack.pack.is_valid_on(at.date()) and len(alone.packs) > 1)
    assert {(reason.rule_id, reason.pack) for reason in alone.reasons} <= {(reason.rule_id, reason.pack) for reason in together.reasons}
    assert denies(together) >= denies(alone)


@thorough
@given(packs, histories(), actions, instants)
def test_the_next_instant_is_allowed_and_the_second_before_it_is_not(pack: PackInForce, facts: Facts, action: Action, at: datetime) -> None:
    decision = decide([pack], facts, action, at)
    upcoming = decision.next_allowed_at
    assert (upcoming is None) or denies(decision)
    if upcoming is not None:
        assert at < upcoming <= at + 60 * ONE_DAY
        assert not denies(decide([pack], facts, action, upcoming))
        assert denies(decide([pack], facts, action, max(at, upcoming - ONE_SECOND)))


@thorough
@given(packs, histories(), actions, instants, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_became_known_changes_nothing(
    pack: PackInForce, facts: Facts, action: Action, at: datetime, chance: Any
) -> None:
    def shuffled(said: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(said, len(said)))

    other = replace(
        facts,
        attempts=tuple(sorted(shuffled(facts.attempts), key=lambda attempt: attempt.at)),
        consents=shuffled(facts.consents),
        flags=shuffled(facts.flags),
        evidence=shuffled(facts.evidence),
    )
    assert write(decide([pack], facts, action, at)) == write(decide([pack], other, action, at))


@thorough
@given(packs, histories(), actions, instants)
def test_every_answer_says_why_and_what_to_do(pack: PackInForce, facts: Facts, action: Action, at: datetime) -> None:
    decision = decide([pack], facts, action, at)
    assert denies(decision) == bool(decision.reasons)
    for reason in decision.reasons:
        assert reason.cite
        assert reason.clears_at is None or reason.clears_at > at
    if any(reason.clears_at is None for reason in decision.reasons):
        assert decision.needs
        assert decision.next_allowed_at is None
    order = [(reason.effect.value, reason.rule_id, reason.pack) for reason in decision.reasons]
    assert order == sorted(order)
