"""Told by others: what strategy does with the facts of other services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.chassis.heard import Heard, Reaction, Reactions
from services.kernel.facts import Change
from services.strategy import application
from services.strategy.reactions import cases, contacts, payments


def asking_nothing_of_history(reaction: Reaction) -> Reaction:
    """What is from before our first deployment is noted, and nothing is requested of others because of it."""

    def noted(heard: Heard[Any]) -> Iterable[Change[Any]]:
        for change in reaction(heard):
            yield application.as_history(change) if heard.is_history else change

    return noted


HEARD = {
    "cases": cases.FACTS,
    "contacts": contacts.FACTS,
    "payments": payments.FACTS,
}
# By source; each source is followed on its own.
REACTIONS: dict[str, Reactions] = {
    source: {fact: asking_nothing_of_history(reaction) for fact, reaction in table.items()} for source, table in HEARD.items()
}
