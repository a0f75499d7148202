"""Attempts in any order of what may happen to them: told once, never sent and unsent, never counted and given back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.contacts.domain import attempting, recording
from services.contacts.domain.attempting import Attempt, AttemptIsNotSentYet
from services.contacts.domain.channels import Channel, Purpose
from services.contacts.domain.delivery import DeliveryCause
from services.contacts.domain.interaction import (
    AttemptCancelled,
    AttemptDelivered,
    AttemptDispatched,
    AttemptFailed,
    Interaction,
    InteractionState,
)
from services.contacts.domain.outcomes import Outcome, Result
from services.contacts.domain.recording import NobodyWasContacted, OutcomeIsRecordedAlready
from services.kernel.facts import Causation, told
from services.kernel.sealed import Sealed

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)
SEALED = Sealed(ONE, 1, bytes(12), bytes(20))
STEPS = ("link", "dispatch", "deliver", "bounce", "bounce for now", "fail", "cancel", "outcome")


def started(wants_link: bool) -> Interaction:
    interaction = Interaction.blank(UUID(int=9))
    interaction.now = interaction.happened_at = NOON
    attempt = Attempt(
        permit_id=ONE,
        case_id=ONE,
        person_id=ONE,
        channel=Channel.EMAIL,
        purpose=Purpose.REMINDER,
        point_id=ONE,
        template_id=ONE,
        template_version=1,
        locale="es",
        currency_code="EUR",
        send_before=NOON + timedelta(hours=24),
        link_token_hash=b"h" * 32 if wants_link else b"",
    )
    attempting.start(interaction, attempt)
    return interaction


def happens(interaction: Interaction, step: str) -> None:
    match step:
        case "link":
            attempting.note_link(interaction, TWO, NOON, Causation(TWO, 1))
        case "dispatch":
            attempting.dispatch(interaction, "<9@x>", b"h" * 32, SEALED, 1)
        case "deliver":
            attempting.deliver(interaction)
        case "bounce":
            attempting.bounce(interaction, True, DeliveryCause.ADDRESS_UNKNOWN, "5.1.1")
        case "bounce for now":
            attempting.bounce(interaction, False, DeliveryCause.MAILBOX_FULL, "4.2.2")
        case "fail":
            attempting.fail(interaction, DeliveryCause.OTHER, "", 1)
        case "cancel":
            attempting.cancel(interaction, "CONTACT_IS_ON_HOLD")
        case _:
            recording.record_outcome(interaction, Result("REPLIED", Outcome.REPLIED, ()), "ana", 0, None)


@given(st.booleans(), st.lists(st.sampled_from(STEPS), max_size=14))
def test_whatever_happens_in_whatever_order_each_thing_is_told_once(wants_link: bool, steps: list[str]) -> None:
    interaction = started(wants_link)
    for step in steps:
        try:
            happens(interaction, step)
        except (AttemptIsNotSentYet, OutcomeIsRecordedAlready, NobodyWasContacted):
            continue
    facts = told(interaction)
    kinds = [type(fact) for fact in facts]

    for kind in (AttemptDispatched, AttemptDelivered, AttemptFailed, AttemptCancelled):
        assert kinds.count(kind) <= 1
    assert not {AttemptFailed, AttemptCancelled} <= set(kinds)
    if AttemptDispatched in kinds:
        sent = kinds.index(AttemptDispatched)
        assert all(kind not in (AttemptFailed, AttemptCancelled) for kind in kinds[sent:])
    if AttemptDelivered in kinds:
        assert AttemptDispatched in kinds[: kinds.index(AttemptDelivered)]
    assert interaction.is_waiting == (not set(kinds) & {AttemptDispatched, AttemptFailed, AttemptCancelled} and not interaction.bounces)


@given(st.lists(st.sampled_from(STEPS), max_size=14))
def test_a_history_folds_to_what_was_lived(steps: list[str]) -> None:
    interaction = started(True)
    for step in steps:
        try:
            happens(interaction, step)
        except (AttemptIsNotSentYet, OutcomeIsRecordedAlready, NobodyWasContacted):
            continue
    replayed = Interaction.blank(interaction.id)
    for fact in told(interaction):
        fact.mutate(replayed)

    lived = {name: value for name, value in vars(interaction).items() if not name.startswith("_") and name not in ("now", "happened_at")}
    assert {name: value for name, value in vars(replayed).items() if name in lived} == lived


def test_what_was_sent_is_told_as_sent_also_where_it_was_cancelled_in_that_moment() -> None:
    interaction = started(False)
    attempting.cancel(interaction, "CONTACT_IS_ON_HOLD")

    attempting.dispatch(interaction, "<9@x>", b"h" * 32, SEALED, 1)

    assert interaction.state is InteractionState.DISPATCHED
    assert [type(fact) for fact in told(interaction)][1:] == [AttemptCancelled, AttemptDispatched]
