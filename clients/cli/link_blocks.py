"""Blocks of output about payment links, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acuerdo.payments.v1 import links_pb2 as links
from rich.console import RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, moment, pairs_frame
from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class LinkWords:
    link: str
    address: str
    said_once: str
    not_again: str
    case: str
    state: str
    rule: str
    due: str
    paid: str
    least: str
    expires: str
    message: str
    payment: str
    holds: str
    reason: str
    revoked: str
    codes: Mapping[str, str]


LINK_WORDS: Mapping[Lang, LinkWords] = {
    "en": LinkWords(
        link="link",
        address="address",
        said_once="Keep it: the address is said this once.",
        not_again="This link was made before; its address was said then, and is kept nowhere.",
        case="case",
        state="state",
        rule="to be paid",
        due="due now",
        paid="paid",
        least="at least",
        expires="until",
        message="message",
        payment="under way",
        holds="frozen by",
        reason="reason",
        revoked="Link {link} is revoked.",
        codes={
            "ISSUED": "made",
            "OPENED": "opened",
            "PARTIALLY_PAID": "partly paid",
            "PAID": "paid",
            "FROZEN": "frozen",
            "EXPIRED": "expired",
            "REVOKED": "revoked",
            "REFUSED": "refused",
            "BALANCE": "the balance",
            "PAST_DUE": "what is past due",
            "PROMISE": "a promise",
            "FIXED": "a fixed amount",
        },
    ),
    "es": LinkWords(
        link="enlace",
        address="dirección",
        said_once="Guárdela: la dirección solo se dice esta vez.",
        not_again="Este enlace ya existía; su dirección se dijo entonces y no se guarda en ningún sitio.",
        case="expediente",
        state="estado",
        rule="a pagar",
        due="ahora",
        paid="pagado",
        least="mínimo",
        expires="hasta",
        message="mensaje",
        payment="en curso",
        holds="bloqueado por",
        reason="motivo",
        revoked="El enlace {link} queda revocado.",
        codes={
            "ISSUED": "emitido",
            "OPENED": "abierto",
            "PARTIALLY_PAID": "pagado en parte",
            "PAID": "pagado",
            "FROZEN": "bloqueado",
            "EXPIRED": "caducado",
            "REVOKED": "revocado",
            "REFUSED": "denegado",
            "BALANCE": "todo el saldo",
            "PAST_DUE": "lo vencido",
            "PROMISE": "una promesa",
            "FIXED": "un importe fijo",
        },
    ),
}


def issued_block(answer: links.IssueLinkResponse, lang: Lang) -> RenderableType:
    said = LINK_WORDS[lang]
    table = pairs_frame()
    table.add_row(said.link, answer.link_id)
    table.add_row(said.address, Text(answer.url or said.not_again))
    if answer.url:
        table.add_row("", Text(said.said_once, style="dim"))
    return table


def link_block(link: links.Link, lang: Lang) -> RenderableType:
    """What is not there is left out."""
    said = LINK_WORDS[lang]
    rule = said.codes[links.AmountRuleKind.Name(link.amount.kind).removeprefix("AMOUNT_RULE_KIND_")]
    fixed = f" {money.shown(link.amount.amount, lang)}" if link.amount.HasField("amount") else ""
    rows: list[tuple[str, str]] = [
        (said.link, link.link_id),
        (said.case, link.case_id),
        (said.state, said.codes[links.LinkState.Name(link.state).removeprefix("LINK_STATE_")]),
        (said.rule, f"{rule}{fixed} {link.amount.promise_id}".rstrip()),
        (said.least, money.shown(link.amount.least, lang) if link.amount.HasField("least") else ""),
        (said.due, money.shown(link.due, lang) if link.HasField("due") else ""),
        (said.paid, money.shown(link.paid, lang) if link.paid.minor_units else ""),
        (said.expires, f"{moment(link.expires_at)} UTC" if link.HasField("expires_at") else ""),
        (said.payment, link.payment_id),
        (said.message, link.interaction_id),
        (said.holds, ", ".join(link.hold_ids)),
        (said.reason, link.reason_code),
    ]
    table = pairs_frame()
    for name, value in rows:
        if value or name == said.due:
            table.add_row(name, Text(value) if value else NOTHING)
    return table
