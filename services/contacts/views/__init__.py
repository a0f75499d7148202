"""Read models of contacts: built from our own log (`views`), asked by `PeopleTables` and `MessageTables`."""

from collections.abc import Sequence

from services.chassis.heard import View
from services.chassis.seal.seals import Seals
from services.contacts.adapters.blind import BlindIndex
from services.contacts.views.asking import PeopleTables
from services.contacts.views.messages import MESSAGES_VIEW
from services.contacts.views.messages_asking import MessageTables
from services.contacts.views.people import PersonIndex


def views(seals: Seals, index: BlindIndex) -> Sequence[View]:
    """All of them: one line each."""
    return (
        MESSAGES_VIEW,
        PersonIndex(seals, index).view(),
    )


__all__ = ["MessageTables", "PeopleTables", "PersonIndex", "views"]
