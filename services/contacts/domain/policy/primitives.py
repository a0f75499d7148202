"""Primitives: the closed set of what a rule can be. A pack that names another is refused."""

from __future__ import annotations

from collections.abc import Mapping

from services.contacts.domain.policy import counting, hours, standing
from services.contacts.domain.policy.asking import Primitive

PRIMITIVES: Mapping[str, Primitive] = {
    "allow_list": standing.allow_list,
    "channel_exclusive": counting.channel_exclusive,
    "cli_type": standing.cli_type,
    "cooldown": counting.cooldown,
    "count_limit": counting.count_limit,
    "flag_block": standing.flag_block,
    "freshness": standing.freshness,
    "min_gap": counting.min_gap,
    "obligation": standing.obligation,
    "party_block": standing.party_block,
    "personal_times": hours.personal_times,
    "precondition": standing.precondition,
    "time_windows": hours.time_windows,
}
