"""Mail as bytes: what goes out follows from the interaction alone; whatever comes back is read, or left for a person."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.sink import report
from services.chassis.runtime import SettingsAreWrong
from services.contacts.adapters import dsn, mail
from services.contacts.adapters.dsn import Bounced, Delivered, NotForUs, OptedOut
from services.contacts.adapters.mail import AddressIsNone
from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.adapters.smtp import cause_of
from services.contacts.domain.delivery import DeliveryCause
from services.contacts.domain.template import Text

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
MESSAGE = UUID("01a20fd9-049a-78ef-9bf4-489855ace257")
SETTINGS = MailSettings.read(mail_sender_name="Gestora Ñandú")


HEADERS = [
    *("Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "List-Unsubscribe", "MIME-Version", "Message-ID"),
    *("Subject", "To"),
]


def sent(recipient: str = "marta@sink.invalid", subject: str = "Su expediente", body: str = "Buenos días\n") -> mail.Envelope:
    return mail.compose(SETTINGS, MESSAGE, NOON, recipient, Text(subject, body), with_opt_out=True)


@settings(max_examples=60)
@given(st.text(max_size=80), st.text(max_size=300))
def test_whatever_a_text_holds_the_same_interaction_is_the_same_mail_and_reads_back(subject: str, body: str) -> None:
    """No header can be smuggled in by what a template or a name holds: subjects come rendered, on one line."""
    line = " ".join(subject.split())
    first, again = sent(subject=line, body=body), sent(subject=line, body=body)

    assert first == again
    read = message_from_bytes(first.data, policy=default)
    assert sorted(read.keys()) == HEADERS
    assert mail.interaction_of(str(read["Message-ID"])) == MESSAGE
    assert mail.interaction_of(first.sender) == MESSAGE


@pytest.mark.parametrize("address", ["", "marta", "a@b\r\nBcc: c@d", "<a@b>", "a b@c.d", "@c.d"])
def test_what_is_no_address_is_never_handed_to_a_mail_server(address: str) -> None:
    with pytest.raises(AddressIsNone):
        sent(address)


@pytest.mark.parametrize(
    ("action", "status", "read"),
    [
        ("failed", "5.1.1", Bounced(MESSAGE, True, DeliveryCause.ADDRESS_UNKNOWN, "5.1.1")),
        ("failed", "5.2.2", Bounced(MESSAGE, True, DeliveryCause.MAILBOX_FULL, "5.2.2")),
        ("failed", "4.4.7", Bounced(MESSAGE, False, DeliveryCause.UNREACHABLE, "4.4.7")),
        ("failed", "", Bounced(MESSAGE, True, DeliveryCause.OTHER, "")),
        ("delivered", "2.0.0", Delivered(MESSAGE)),
        ("relayed", "2.0.0", Delivered(MESSAGE)),
        ("delayed", "4.4.1", NotForUs("DELAYED")),
    ],
)
def test_a_delivery_report_says_what_became_of_which_message(action: str, status: str, read: object) -> None:
    returned = report(sent().data, "marta@sink.invalid", action, status)

    assert dsn.read(SETTINGS, returned) == read


def test_a_report_without_the_mail_it_speaks_of_is_known_by_where_it_came_to() -> None:
    returned = report(b"Subject: gone\r\n\r\n", "marta@sink.invalid", "failed", "5.1.1")
    to = f"Delivered-To: bounces+{MESSAGE.hex}@acuerdo.invalid\r\n".encode()

    assert dsn.read(SETTINGS, to + returned) == Bounced(MESSAGE, True, DeliveryCause.ADDRESS_UNKNOWN, "5.1.1")


def test_mail_to_an_opt_out_address_opts_out_and_any_other_does_not() -> None:
    asked = f"To: optout+{MESSAGE.hex}@acuerdo.invalid\r\n\r\n".encode()

    assert dsn.read(SETTINGS, asked) == OptedOut(MESSAGE)
    assert dsn.read(SETTINGS, asked.replace(b"optout", b"bounces")) == NotForUs("NO_REPORT")


@settings(max_examples=150)
@given(st.binary(max_size=400), st.integers(0, 600), st.integers(0, 600))
def test_whatever_mail_holds_it_is_read_or_left(noise: bytes, begin: int, length: int) -> None:
    """Random bytes, and a real report with a piece of it replaced by them."""
    real = report(sent().data, "marta@sink.invalid", "failed", "5.1.1")
    broken = real[:begin] + noise + real[begin + length :]

    for raw in (noise, broken):
        assert isinstance(dsn.read(SETTINGS, raw), Bounced | Delivered | OptedOut | NotForUs)


@pytest.mark.parametrize(
    ("status_code", "code", "cause"),
    [
        ("5.1.10", 550, DeliveryCause.ADDRESS_UNKNOWN),
        ("5.2.1", 550, DeliveryCause.MAILBOX_DISABLED),
        ("5.3.4", 552, DeliveryCause.TOO_LARGE),
        ("5.7.1", 550, DeliveryCause.POLICY),
        ("", 550, DeliveryCause.ADDRESS_UNKNOWN),
        ("", 552, DeliveryCause.MAILBOX_FULL),
        ("5.6.0", 599, DeliveryCause.OTHER),
    ],
)
def test_causes_are_read_from_codes(status_code: str, code: int, cause: DeliveryCause) -> None:
    assert cause_of(status_code, code) is cause


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"smtp_host": "mail.example.org"}, "smtp_host is not loopback"),
        ({"smtp_tls": True, "smtp_starttls": True}, "exclude each other"),
        ({"smtp_user": "me"}, "belong together"),
        ({"mail_from": "nobody"}, "mail_from"),
        ({"links_url": "ftp://x"}, "links_url"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_the_start(said: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsAreWrong, match=named):
        MailSettings.read(**said)
