"""An outbox in a process of its own, to be killed: the log, the seals and the sender; somebody else writes the view."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack

from services.chassis.clock import DevelopmentClock
from services.chassis.log.log import Log
from services.chassis.seal.seals import Seals
from services.chassis.seal.wrapping import FileKeyWrapper
from services.contacts.card import CONTACTS
from services.contacts.outbox.sending import Sender
from tests.services.contacts.message_service import LINK_KEY, mail_settings


async def send(database: str, port: int) -> None:
    """Until killed. A lease of a second: who comes after it need not wait long."""
    clock = DevelopmentClock(database, "contacts")
    log = Log(database, CONTACTS, b"c" * 32, partitions=4, development_clock=clock)
    seals = Seals(database, "contacts", FileKeyWrapper(b"k" * 32))
    sender = Sender(log, seals, mail_settings(port), LINK_KEY, lease_seconds=1.0)
    async with AsyncExitStack() as stack:
        for part in (clock, log, seals, sender):
            await part.start()
            stack.push_async_callback(part.stop)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], int(sys.argv[2])))
