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
from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.api import MessagesApi, PeopleApi, PermitsApi
from services.contacts.card import CONTACTS
from services.contacts.outbox.mailbox import Mailbox
from services.contacts.outbox.sending import Sender
from services.contacts.reactions import reactions
from services.contacts.timers import TIMERS
from services.contacts.views import MessageTables, PeopleTables, views

EVENTS: dict[str, type[Message]] = {"cases": CaseEvent, "payments": PaymentEvent, "strategy": StrategyEvent}
"""Contracts of those we may hear."""


def parts(door: str) -> Sequence[Part]:
    front = Front(CONTACTS, door)
    log, settings, mail = front.log, front.settings, MailSettings.read()
    relay, timers = front.teller(), front.timers(TIMERS)
    link_key = mail.link_key(settings.claim_key)
    told = reactions(link_key)
    heard = [front.hears(source, EVENTS[source], told) for source in told if source in settings.peers]
    seals, index = Seals(settings.postgres, CONTACTS.name, FileKeyWrapper(settings.kek)), BlindIndex(settings.claim_key)
    tables, contacts = PeopleTables(settings.postgres), MessageTables(settings.postgres)
    read_models = views(seals, index)
    shown = front.views(read_models)
    people = PeopleApi(log, tables, seals, index, log.clock, new_id, front.asked_by)
    permits = PermitsApi(log, log.clock, front.asked_by)
    messages = MessagesApi(log, contacts, seals, mail, link_key, log.clock, front.asked_by, front.pages)
    outbox = [Sender(log, seals, mail, link_key), *([Mailbox(log, mail, mail.mailbox)] if mail.mailbox is not None else [])]
    operations = OperationsService(log, front.pages, [view.name for view in read_models], on_advance=[relay.announce, timers.wake])
    worker: list[Part] = [relay, *heard, shown, timers, *outbox, front.sweeper()]
    asked: list[Part] = [tables, contacts, operations, Rpc(settings, people, permits, messages, LogService(log), operations)]
    return [*front.base(), seals] + (worker if door != "api" else []) + (asked if door != "worker" else [])


if __name__ == "__main__":
    sys.exit(open_front(parts))
