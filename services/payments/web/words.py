"""The words of the payment page, in Spanish and English, and amounts and days as their readers write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.kernel.calendar import date_at, zone
from services.kernel.money import Money

Lang = Literal["es", "en"]

_NO_DECIMALS = ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"]
_THREE_DECIMALS = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
DECIMALS: Mapping[str, int] = {**dict.fromkeys(_NO_DECIMALS, 0), **dict.fromkeys(_THREE_DECIMALS, 3), "CLF": 4, "UYW": 4}
"""Currencies whose minor unit is not a hundredth (ISO 4217)."""
_AMOUNT = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,4}))?")


@dataclass(frozen=True, slots=True)
class PageWords:
    """`{…}` are filled in; everything else stands as it is."""

    title: str
    to: str
    reference: str
    due: str
    all_of_it: str
    another: str
    between: str
    pay: str
    until: str
    security: str
    doubts: str
    amount_changed: str
    under_way: str
    go_on: str
    paid_title: str
    paid: str
    returned_title: str
    returned: str
    unavailable_title: str
    unavailable: str
    later_title: str
    later: str


WORDS: Mapping[Lang, PageWords] = {
    "es": PageWords(
        title="Pago a {creditor}",
        to="A quién paga",
        reference="Referencia",
        due="Importe propuesto: {amount}",
        all_of_it="Todo lo pendiente: {amount}",
        another="Otro importe",
        between="Entre {least} y {most}",
        pay="Ir al pago seguro",
        until="Este enlace sirve hasta el {day}.",
        security="Pagará en la página del proveedor de pagos. Nunca le pediremos su PIN ni sus claves.",
        doubts="Si no reconoce este importe, no pague: póngase en contacto con nosotros o con {creditor}.",
        amount_changed="El importe ha cambiado o no es válido. Compruébelo y elija de nuevo.",
        under_way="Hay un pago de {amount} en curso. Si no lo terminó, puede continuar.",
        go_on="Continuar con el pago",
        paid_title="Pago recibido",
        paid="Hemos recibido su pago. No hay nada más que pagar con este enlace. Gracias.",
        returned_title="Gracias",
        returned="En cuanto el proveedor de pagos nos lo confirme, quedará anotado. Puede cerrar esta página.",
        unavailable_title="Enlace no disponible",
        unavailable="Este enlace no está disponible. Si quiere pagar o tiene dudas, póngase en contacto con nosotros.",
        later_title="Inténtelo dentro de un momento",
        later="Ahora no podemos atenderle. No se ha cobrado nada. Inténtelo de nuevo dentro de unos minutos.",
    ),
    "en": PageWords(
        title="Payment to {creditor}",
        to="Whom you pay",
        reference="Reference",
        due="Proposed amount: {amount}",
        all_of_it="All that is outstanding: {amount}",
        another="Another amount",
        between="Between {least} and {most}",
        pay="Go to secure payment",
        until="This link works until {day}.",
        security="You will pay on the page of the payment provider. We never ask for your PIN or passwords.",
        doubts="If you do not recognise this amount, do not pay: contact us or {creditor}.",
        amount_changed="The amount has changed or is not valid. Please look again and choose.",
        under_way="A payment of {amount} is under way. If you did not finish it, you can go on.",
        go_on="Go on with the payment",
        paid_title="Payment received",
        paid="We have received your payment. There is nothing more to pay with this link. Thank you.",
        returned_title="Thank you",
        returned="It is recorded as soon as the payment provider confirms it. You can close this page.",
        unavailable_title="Link not available",
        unavailable="This link is not available. If you want to pay or have questions, please contact us.",
        later_title="Please try again in a moment",
        later="We cannot serve you now. Nothing was charged. Please try again in a few minutes.",
    ),
}


def spoken(accepted: str) -> Lang:
    """The first of our languages that Accept-Language names; Spanish where it names none."""
    for each in accepted[:200].split(","):
        match each.strip()[:2].lower():
            case "es":
                return "es"
            case "en":
                return "en"
    return "es"


def shown(amount: Money, lang: Lang) -> str:
    """`1.234,50 EUR`, in English `1,234.50 EUR`."""
    decimals = DECIMALS.get(amount.currency_code, 2)
    whole, fraction = divmod(amount.minor_units, 10**decimals)
    text = f"{whole:,}" + (f".{fraction:0{decimals}}" if decimals else "")
    if lang == "es":
        text = text.translate({ord(","): ".", ord("."): ","})
    return f"{text} {amount.currency_code}"


def written(text: str, currency_code: str) -> Money | None:
    """An amount as a person types it, with a point or a comma before its decimals and no other marks; None where it is none."""
    decimals = DECIMALS.get(currency_code, 2)
    matched = _AMOUNT.fullmatch(text.strip())
    if matched is None or len(matched[2] or "") > decimals:
        return None
    return Money(currency_code, int(matched[1] + (matched[2] or "").ljust(decimals, "0")))


def day(instant: datetime, zone_name: str, lang: Lang) -> str:
    on = date_at(instant, zone(zone_name))
    return f"{on.day}/{on.month}/{on.year}" if lang == "es" else on.isoformat()
