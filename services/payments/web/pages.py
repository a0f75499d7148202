"""The pages: plain HTML that works without scripts, styles from elsewhere or cookies, and holds no more of a person than they need."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from html import escape

from services.kernel.money import Money
from services.payments.domain.amount_rule import Choice
from services.payments.web.words import WORDS, Lang, day, shown

STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}"
    "h1{font-size:1.5rem}dt{font-weight:600}dd{margin:0 0 .5rem}fieldset{border:1px solid #555;border-radius:.3rem}"
    "label{display:block;padding:.4rem 0}input[type=text]{font:inherit;padding:.3rem;width:9rem}"
    "button{font:inherit;padding:.7rem 1.4rem;margin-top:1rem;background:#0a4d8c;color:#fff;border:0;border-radius:.3rem}"
    "button:focus,input:focus{outline:3px solid #f90}.notice{border-left:.3rem solid #b00;padding-left:.7rem}"
)
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
"""For the Content-Security-Policy: this style and no other."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a page of a link shows."""

    creditor: str
    reference: str
    choice: Choice
    expires_at: datetime
    zone: str
    under_way: Money | None = None
    has_changed: bool = False


def offer_page(offer: Offer, lang: Lang) -> str:
    words = WORDS[lang]
    choice = offer.choice
    amounts = _going_on(offer.under_way, lang) if offer.under_way is not None else _choosing(choice, lang)
    notice = f'<p class="notice" role="alert">{escape(words.amount_changed)}</p>' if offer.has_changed else ""
    reference = f"<dt>{escape(words.reference)}</dt><dd>{escape(offer.reference)}</dd>" if offer.reference else ""
    body = (
        f"{notice}<dl><dt>{escape(words.to)}</dt><dd>{escape(offer.creditor)}</dd>{reference}</dl>"
        f'<form method="post">{amounts}</form>'
        f"<p>{escape(words.security)}</p><p>{escape(words.until.format(day=day(offer.expires_at, offer.zone, lang)))}</p>"
        f"<p>{escape(words.doubts.format(creditor=offer.creditor))}</p>"
    )
    return _page(words.title.format(creditor=offer.creditor), body, lang)


def paid_page(lang: Lang) -> str:
    return _said(WORDS[lang].paid_title, WORDS[lang].paid, lang)


def returned_page(lang: Lang) -> str:
    return _said(WORDS[lang].returned_title, WORDS[lang].returned, lang)


def unavailable_page(lang: Lang) -> str:
    """The same for a link that never was, is over, is frozen or was revoked."""
    return _said(WORDS[lang].unavailable_title, WORDS[lang].unavailable, lang)


def later_page(lang: Lang) -> str:
    return _said(WORDS[lang].later_title, WORDS[lang].later, lang)


def _choosing(choice: Choice, lang: Lang) -> str:
    """Values are minor units as they are shown: what is chosen is what was seen, also where the balance has changed since."""
    words = WORDS[lang]
    rows = [_radio(str(choice.due.minor_units), words.due.format(amount=shown(choice.due, lang)), is_checked=True)]
    if choice.most != choice.due:
        rows.append(_radio(str(choice.most.minor_units), words.all_of_it.format(amount=shown(choice.most, lang))))
    if choice.least != choice.most:
        rows.append(_radio("another", words.another))
        between = words.between.format(least=shown(choice.least, lang), most=shown(choice.most, lang))
        rows.append(
            f'<label>{escape(between)} <input type="text" name="other" inputmode="decimal" autocomplete="off" maxlength="17"></label>'
        )
    return f"<fieldset>{''.join(rows)}</fieldset>" + _button(words.pay)


def _going_on(under_way: Money, lang: Lang) -> str:
    words = WORDS[lang]
    return f"<p>{escape(words.under_way.format(amount=shown(under_way, lang)))}</p>" + _button(words.go_on)


def _radio(value: str, label: str, *, is_checked: bool = False) -> str:
    checked = " checked" if is_checked else ""
    return f'<label><input type="radio" name="amount" value="{escape(value)}"{checked}> {escape(label)}</label>'


def _button(label: str) -> str:
    return f'<button type="submit">{escape(label)}</button>'


def _said(title: str, text: str, lang: Lang) -> str:
    return _page(title, f"<p>{escape(text)}</p>", lang)


def _page(title: str, body: str, lang: Lang) -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
