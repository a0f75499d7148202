"""The front door of the payments service: parts built by hand, in order, once.  python -m services.payments api|worker|all"""

import sys
from collections.abc import Sequence

from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.contacts.v1.events_pb2 import ContactEvent
from google.protobuf.message import Message

from services.chassis.front import Front, open_front
from services.chassis.ids import new_id
from services.chassis.logservice import LogService
from services.chassis.operations import OperationsService
from services.chassis.part import Part
from services.chassis.rpc.server import Rpc
from services.payments.api import LinksApi, PaymentsApi, new_token
from services.payments.card import PAYMENTS
from services.payments.reactions import REACTIONS
from services.payments.timers import TIMERS
from services.payments.views import VIEWS, PaymentTables
from services.payments.web import DoorSettings, opened

EVENTS: dict[str, type[Message]] = {"cases": CaseEvent, "contacts": ContactEvent}
"""Contracts of those we may hear."""


def parts(door: str) -> Sequence[Part]:
    front = Front(PAYMENTS, door)
    log, settings = front.log, front.settings
    relay, timers, views = front.teller(), front.timers(TIMERS), front.views(VIEWS)
    heard = [front.hears(source, EVENTS[source], REACTIONS) for source in REACTIONS if source in settings.peers]
    tables, web = PaymentTables(settings.postgres), DoorSettings.read()
    payments = PaymentsApi(log, tables, log.clock, new_id, front.asked_by, front.pages)
    links = LinksApi(log, front.asked_by, new_token, web.web_public_url)
    operations = OperationsService(log, front.pages, [view.name for view in VIEWS], on_advance=[relay.announce, timers.wake])
    worker: list[Part] = [relay, *heard, views, timers, front.sweeper()]
    rpc = Rpc(settings, payments, links, LogService(log), operations)
    asked: list[Part] = [tables, operations, rpc, *opened(log, web, settings.payload_key)]
    return front.base() + (worker if door != "api" else []) + (asked if door != "worker" else [])


if __name__ == "__main__":
    sys.exit(open_front(parts))
