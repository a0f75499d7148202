"""The floor: what stands in the way of contact in every house, whatever its packs say. A pack can only add to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.contacts.domain.policy.pack import Clock, Pack, Rule
from services.contacts.domain.policy.terms import Basis, Effect

FLOOR_ID = "acuerdo-floor"
_ALL = frozenset({"any", "letter", "portal"})


def _rule(name: str, flags: tuple[str, ...], cite: str, *excepted: str, scope: str = "person") -> Rule:
    params: Mapping[str, Any] = {"flags": frozenset(flags), "scope": frozenset({scope})}
    return Rule(f"FLOOR.{name}", "flag_block", Effect.PROHIBIT, Basis.HOUSE_POLICY, cite, _ALL, params, excepted=excepted)


_VERSION_1 = Pack(
    id=FLOOR_ID,
    version="1",
    status="in_force",
    valid_from=date(1970, 1, 1),
    valid_to=None,
    country="any",
    subdivision="",
    applies_when={},
    stacks_on=(),
    # No rule here reads a clock; a location need not be known.
    clock=Clock(zone="UTC"),
    rules=(
        _rule("CASE_CLOSED", ("case_closed",), "a closed case is not worked"),
        _rule("CEASE", ("cease_notice_received",), "the person asked to be left alone", "terminate_efforts_or_remedy_notice"),
        _rule("HOLD", ("hold",), "a hold of the case stops contact", "legally_required_medium"),
        _rule("INVALID_ADDRESS", ("invalid_address",), "the address reaches nobody", scope="address"),
        _rule(
            "MEDIUM",
            ("stop_medium", "stop_address", "opt_out_address"),
            "the person asked not to be contacted so",
            "opt_out_confirmation_once",
            "reply_once_same_medium",
            "legally_required_medium",
        ),
        _rule("PARTY", ("not_a_party",), "the person is not a party to the case"),
        _rule("PERSON", ("deceased", "minor", "incapacitated"), "the person is not spoken to about debts"),
        _rule("WRONG_ADDRESS", ("wrong_address",), "the address is somebody else's", scope="address"),
    ),
)
FLOORS: Mapping[str, Pack] = {"1": _VERSION_1}
"""Every version there ever was: decisions are run again with theirs."""
FLOOR = _VERSION_1
