"""A mail server that delivers nothing: keeps each message as .eml under its home, refuses and returns mail for chosen addresses.

`python -m dev.sink HOME PORT` runs it until it is told to stop. What an address begins with says what becomes of its mail (BEHAVIOURS);
what is returned is laid down as a mail of its own in the Maildir HOME/returned, as a real server would.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.listening import ListeningProcess
from dev.ports import LOOPBACK, is_free

READY_WITHIN_SECONDS = 20.0
STOP_WITHIN_SECONDS = 5.0
TRIES_LATER = 2


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it was taken. `times`: how often the same Message-ID came; more than once is a repeat."""

    message_id: str
    sender: str
    recipient: str
    file: Path
    times: int


class Sink:
    """The server. An async context manager, for a process of its own and for tests alike."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.kept: dict[str, Kept] = {}
        self._tries: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._returned = 0
        self.loses_every_answer = False
        """Of addresses that lose one, not the first alone."""

    async def __aenter__(self) -> Self:
        for folder in ("mail", "returned/new", "returned/cur", "returned/tmp"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        for file in sorted((self.home / "mail").glob("*.eml")):
            self._know(file)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="sink.invalid", loop=loop), LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._server is not None:
            self._server.close()

    # What aiosmtpd calls ------------------------------------------------------------------------------------------------

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        behaviour = behaviour_of(address)
        if behaviour.refuses:
            return behaviour.refuses
        if behaviour.takes_later and self._tries[address] < TRIES_LATER:
            self._tries[address] += 1
            return behaviour.takes_later
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.content
        assert isinstance(raw, bytes)
        sender, recipient = envelope.mail_from or "", envelope.rcpt_tos[0]
        kept = self._keep(raw, sender, recipient)
        behaviour = behaviour_of(recipient)
        if behaviour.returns is not None and kept.times == 1:
            self._return(behaviour.returns(raw, recipient), sender)
        if behaviour.loses_the_answer and (kept.times == 1 or self.loses_every_answer):
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if behaviour.keeps_silent and kept.times == 1:
            await asyncio.Event().wait()
        return "250 OK"

    # What it keeps ------------------------------------------------------------------------------------------------------

    def messages(self, recipient: str = "") -> list[Kept]:
        """In the order they came first."""
        return [kept for kept in self.kept.values() if recipient in ("", kept.recipient)]

    def _keep(self, raw: bytes, sender: str, recipient: str) -> Kept:
        message_id = str(message_from_bytes(raw).get("Message-ID", ""))
        known = self.kept.get(message_id)
        if known is None:
            name = f"{len(self.kept) + 1:06}-{hashlib.sha256(message_id.encode()).hexdigest()[:12]}"
            file = self.home / "mail" / f"{name}.eml"
            file.write_bytes(b"X-Sink-From: " + sender.encode() + b"\r\nX-Sink-To: " + recipient.encode() + b"\r\n" + raw)
            return self._know(file)
        again = Kept(message_id, sender, recipient, known.file, known.times + 1)
        known.file.with_suffix(f".repeat{again.times}.eml").write_bytes(raw)
        self.kept[message_id] = again
        return again

    def _know(self, file: Path) -> Kept:
        if ".repeat" in file.name:
            of = next(kept for kept in self.kept.values() if kept.file.stem == file.name.partition(".")[0])
            known = Kept(of.message_id, of.sender, of.recipient, of.file, of.times + 1)
        else:
            mail = message_from_bytes(file.read_bytes())
            known = Kept(str(mail.get("Message-ID", "")), str(mail["X-Sink-From"]), str(mail["X-Sink-To"]), file, 1)
        self.kept[known.message_id] = known
        return known

    def _return(self, mail: bytes, to: str) -> None:
        """A Maildir delivery: written beside, then moved into its place whole."""
        self._returned += 1
        name = f"{len(self.kept):06}.{self._returned:06}.sink"
        beside = self.home / "returned" / "tmp" / name
        beside.write_bytes(f"Delivered-To: {to}\r\nTo: {to}\r\n".encode() + mail)
        beside.rename(self.home / "returned" / "new" / name)


# What becomes of a mail, by what its address begins with -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Behaviour:
    refuses: str = ""
    """Reply to RCPT."""
    takes_later: str = ""
    """Reply to the first tries."""
    returns: Callable[[bytes, str], bytes] | None = None
    loses_the_answer: bool = False
    """Takes the message and cuts the line instead of saying so, the first time."""
    keeps_silent: bool = False
    """Takes the message and says nothing at all, the first time."""


def behaviour_of(address: str) -> Behaviour:
    return BEHAVIOURS.get(address.partition("@")[0].partition(".")[0], Behaviour())


def report(raw: bytes, recipient: str, action: str, status: str) -> bytes:
    """A delivery status notification as RFC 3464 has it, with the headers of the mail it speaks of; whom it goes to stands before it."""
    headers = raw.partition(b"\r\n\r\n")[0].decode(errors="replace")
    return "\r\n".join(
        (
            "From: MAILER-DAEMON@sink.invalid",
            "Subject: Delivery report",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="part"',
            "",
            "--part",
            "Content-Type: text/plain",
            "",
            f"Your message: {action}.",
            "--part",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; sink.invalid",
            "",
            f"Final-Recipient: rfc822; {recipient}",
            f"Action: {action}",
            f"Status: {status}",
            "",
            "--part",
            "Content-Type: text/rfc822-headers",
            "",
            headers,
            "",
            "--part--",
            "",
        )
    ).encode()


BEHAVIOURS: Mapping[str, Behaviour] = {
    "unknown": Behaviour(refuses="550 5.1.1 No such mailbox"),
    "full": Behaviour(refuses="552 5.2.2 Mailbox full"),
    "blocked": Behaviour(refuses="554 5.7.1 Refused"),
    "busy": Behaviour(refuses="451 4.3.0 Try again later"),
    "later": Behaviour(takes_later="451 4.7.1 Greylisted, try again later"),
    "lost": Behaviour(loses_the_answer=True),
    "silent": Behaviour(keeps_silent=True),
    "bounce": Behaviour(returns=lambda raw, to: report(raw, to, "failed", "5.1.1")),
    "softbounce": Behaviour(returns=lambda raw, to: report(raw, to, "failed", "4.2.2")),
    "receipt": Behaviour(returns=lambda raw, to: report(raw, to, "delivered", "2.0.0")),
}


class SinkProcess:
    """The sink as a child process."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home.resolve(), port
        self.mailbox = self.home / "returned"
        self._process = ListeningProcess("sink", self.home, port, signal.SIGTERM, signal.SIGKILL)

    def __enter__(self) -> Self:
        self._process.own()
        try:
            command = [sys.executable, "-m", "dev.sink", str(self.home), str(self.port)]
            self._process.start(command, lambda: not is_free(self.port), READY_WITHIN_SECONDS)
        except BaseException:
            self._process.stop(STOP_WITHIN_SECONDS)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.stop(STOP_WITHIN_SECONDS)


async def _serve(home: Path, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Sink(home, port):
        await stop.wait()


def main(words: list[str]) -> Any:
    if len(words) != 2:
        return __doc__
    asyncio.run(_serve(Path(words[0]), int(words[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
