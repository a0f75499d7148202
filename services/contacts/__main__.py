"""The front door of the contacts service: parts built by hand, in order, once.  python -m services.contacts api|worker|all"""

import sys
from collections.abc import Sequence

from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.strategy.v1.events_pb2 import StrategyEvent
from google.protobuf.message import Message

from services.chassis.front import Front, open_front
from services.chassis.logservice import LogService
from services.chassis.operations import OperationsService
from services.chassis.part import Part
from services.chassis.rpc.server import Rpc
from services.contacts.card import CONTACTS
from services.contacts.reactions import REACTIONS
from services.contacts.timers import TIMERS

EVENTS: dict[str, type[Message]] = {"cases": CaseEvent, "payments": PaymentEvent, "strategy": StrategyEvent}
"""Contracts of those we may hear."""


def parts(door: str) -> Sequence[Part]:
    front = Front(CONTACTS, door)
    log, settings = front.log, front.settings
    relay, timers = front.teller(), front.timers(TIMERS)
    heard = [front.hears(source, EVENTS[source], REACTIONS) for source in REACTIONS if source in settings.peers]
    operations = OperationsService(log, front.pages, on_advance=[relay.announce, timers.wake])
    worker: list[Part] = [relay, *heard, timers, front.sweeper()]
    asked: list[Part] = [operations, Rpc(settings, LogService(log), operations)]
    return front.base() + (worker if door != "api" else []) + (asked if door != "worker" else [])


if __name__ == "__main__":
    sys.exit(open_front(parts))
