"""The front door of the contacts service: parts built by hand, in order, once.  python -m services.contacts api|worker|all"""

import sys
from collections.abc import Sequence

from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.strategy.v1.events_pb2 import StrategyEvent
from google.protobuf.message import Message

from services.chassis.front import Front, open_front
from services.chassis.ids import new_id
from services.chassis.logservice import LogService
from services.chassis.operations import OperationsService
from services.chassis.part import Part
from services.chassis.rpc.server import Rpc
from services.chassis.seal.seals import Seals
from services.chassis.seal.wrapping import FileKeyWrapper
from services.contacts.adapters.blind import BlindIndex
from services.contacts.api import PeopleApi, PermitsApi
from services.contacts.card import CONTACTS
from services.contacts.reactions import REACTIONS
from services.contacts.timers import TIMERS
from services.contacts.views import PeopleTables, views

EVENTS: dict[str, type[Message]] = {"cases": CaseEvent, "payments": PaymentEvent, "strategy": StrategyEvent}
"""Contracts of those we may hear."""


def parts(door: str) -> Sequence[Part]:
    front = Front(CONTACTS, door)
    log, settings = front.log, front.settings
    relay, timers = front.teller(), front.timers(TIMERS)
    heard = [front.hears(source, EVENTS[source], REACTIONS) for source in REACTIONS if source in settings.peers]
    seals, index = Seals(settings.postgres, CONTACTS.name, FileKeyWrapper(settings.kek)), BlindIndex(settings.claim_key)
    tables = PeopleTables(settings.postgres)
    read_models = views(seals, index)
    shown = front.views(read_models)
    people = PeopleApi(log, tables, seals, index, log.clock, new_id, front.asked_by)
    permits = PermitsApi(log, log.clock, front.asked_by)
    operations = OperationsService(log, front.pages, [view.name for view in read_models], on_advance=[relay.announce, timers.wake])
    worker: list[Part] = [relay, *heard, shown, timers, front.sweeper()]
    asked: list[Part] = [tables, operations, Rpc(settings, people, permits, LogService(log), operations)]
    return [*front.base(), seals] + (worker if door != "api" else []) + (asked if door != "worker" else [])


if __name__ == "__main__":
    sys.exit(open_front(parts))
