"""The front door of the strategy service: parts built by hand, in order, once.  python -m services.strategy api|worker|all"""

import sys
from collections.abc import Sequence

from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.contacts.v1.events_pb2 import ContactEvent
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from google.protobuf.message import Message

from services.chassis.front import Front, open_front
from services.chassis.logservice import LogService
from services.chassis.operations import OperationsService
from services.chassis.part import Part
from services.chassis.rpc.server import Rpc
from services.strategy.api import StrategyApi
from services.strategy.card import STRATEGY
from services.strategy.reactions import REACTIONS
from services.strategy.timers import TIMERS, call
from services.strategy.views import VIEWS, find_calls

EVENTS: dict[str, type[Message]] = {"cases": CaseEvent, "contacts": ContactEvent, "payments": PaymentEvent}
"""Contracts of those we may hear."""


def parts(door: str) -> Sequence[Part]:
    front = Front(STRATEGY, door)
    log, settings = front.log, front.settings
    relay, views, timers, calls = front.teller(), front.views(VIEWS), front.timers(TIMERS), front.calls(find_calls, call)
    # A service that is not deployed yet is heard from its first fact on once it is.
    heard = [front.hears(source, EVENTS[source], REACTIONS) for source in REACTIONS if source in settings.peers]
    logs = LogService(log)
    operations = OperationsService(log, front.pages, [view.name for view in VIEWS], on_advance=[relay.announce, timers.wake])
    worker: list[Part] = [relay, *heard, views, timers, calls, front.sweeper()]
    asked: list[Part] = [operations, Rpc(settings, StrategyApi(log, front.asked_by, front.pages), logs, operations)]
    return front.base() + (worker if door != "api" else []) + (asked if door != "worker" else [])


if __name__ == "__main__":
    sys.exit(open_front(parts))
