"""The words around promises and around who heeds a hold, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class PromiseWords:
    """Beside `Words`, for the blocks of promises."""

    promise: str
    promised: str
    paid: str
    by: str
    judged: str
    waits_for: str
    sources: str
    on_its_way: str
    suspended: str
    none: str
    made: str
    cancelled: str
    superseded: str
    payment: str
    value_date: str
    counts: str
    why_not: str
    source: str
    complete_through: str
    happened: str
    taken_by: str
    last_day: str
    kept_rate: str
    published: str
    restated: str
    everybody: str

    service: str
    heeded: str
    latency: str
    stopped: str
    contacts_between: str
    missed: str
    awaited: str

    codes: Mapping[str, str] = field(default_factory=dict)
    """Names of enum members without their prefix; one that is missing is shown as it is."""

    def code(self, name: str, prefix: str = "") -> str:
        bare = name.removeprefix(prefix)
        return self.codes.get(bare, bare.lower().replace("_", " "))


ENGLISH = PromiseWords(
    promise="promise",
    promised="promised",
    paid="paid",
    by="by",
    judged="judged at",
    waits_for="waits for",
    sources="payment sources",
    on_its_way="money on its way",
    suspended="suspended by a hold",
    none="Nothing is promised.",
    made="Promise {promise} is made.",
    cancelled="Promise {promise} is cancelled.",
    superseded="Promise {promise} takes its place.",
    payment="payment",
    value_date="value date",
    counts="counts",
    why_not="why not",
    source="payment source",
    complete_through="complete through",
    happened="What happened",
    taken_by="taken by",
    last_day="last day",
    kept_rate="kept rate",
    published="as published",
    restated="as restated",
    everybody="everybody",
    service="service",
    heeded="heeded at",
    latency="after",
    stopped="stopped",
    contacts_between="contacts meanwhile",
    missed="not in time",
    awaited="awaited",
)

SPANISH = PromiseWords(
    promise="promesa",
    promised="prometido",
    paid="pagado",
    by="hasta el",
    judged="se juzga el",
    waits_for="espera a",
    sources="fuentes de pago",
    on_its_way="dinero en camino",
    suspended="suspendida por una paralización",
    none="No hay nada prometido.",
    made="Promesa {promise} registrada.",
    cancelled="Promesa {promise} anulada.",
    superseded="La sustituye la promesa {promise}.",
    payment="pago",
    value_date="fecha valor",
    counts="cuenta",
    why_not="por qué no",
    source="fuente de pago",
    complete_through="completa hasta",
    happened="Qué ha pasado",
    taken_by="la tomó",
    last_day="último día",
    kept_rate="cumplimiento",
    published="como se publicó",
    restated="como se corrigió",
    everybody="todos",
    service="servicio",
    heeded="atendida el",
    latency="tras",
    stopped="paralizado",
    contacts_between="contactos entretanto",
    missed="fuera de plazo",
    awaited="se espera",
    codes={
        "DUE": "por vencer",
        "UNPAID_SO_FAR": "aún sin pagar",
        "KEPT": "cumplida",
        "PARTLY_KEPT": "cumplida en parte",
        "BROKEN": "incumplida",
        "CANCELLED": "anulada",
        "SUPERSEDED": "sustituida",
        "REVERSED": "devuelto",
        "BEFORE_IT_WAS_MADE": "anterior a la promesa",
        "RECORDED_BEFORE": "ya registrado antes",
        "AFTER_LAST_DAY": "después del último día",
        "FOR_ANOTHER_COMMITMENT": "para otro compromiso",
        "OTHER_DEBT": "otra deuda",
        "MORE_THAN_PROMISED": "más de lo prometido",
        "AFTER_THE_DAY_ASKED_ABOUT": "posterior al día consultado",
    },
)

PROMISE_WORDS: Mapping[Lang, PromiseWords] = {"en": ENGLISH, "es": SPANISH}
