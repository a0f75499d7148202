"""The words of the output for people, in English and Spanish: one record for each language, chosen once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from clients.cli.fact_words import ENGLISH_FACTS, SPANISH_FACTS

Lang = Literal["en", "es"]


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads around the figures."""

    lang: Lang

    # A portfolio
    bucket: str
    cases: str
    amount: str
    share: str
    month_before: str
    change: str
    total: str
    unknown_bucket: str
    entry: str
    rolls: str
    from_to: str
    no_rolls: str
    amounts_in: str

    # A proof
    service: str
    stored: str
    published: str
    heard: str
    streams: str
    chains: str
    verdict: str
    holds: str
    broken: str
    all_intact: str

    # A case
    happened: str
    known: str
    who: str
    what: str
    balance: str
    why: str
    late_knowledge: str
    nothing_happened: str
    no_cases: str
    case: str
    state: str
    late: str
    segment: str
    since: str
    debts: str
    parties: str
    answered: str
    grounds: str

    # Files, and the running of it
    line: str
    column: str
    reason: str
    and_more: str
    rows_taken: str
    rows_refused: str
    batch_rejected: str
    importing: str
    opening: str
    opened: str
    nothing_parked: str
    tries: str
    waiting: str
    unheard: str
    now: str
    next_due: str
    quiet: str
    real_time: str
    published_as: str

    facts: Mapping[str, str] = field(default_factory=dict)
    """Short name of a fact: what happened, in a few words. One that is missing is shown by its name."""
    actors: Mapping[str, str] = field(default_factory=dict)
    """Actor.Kind without its prefix."""
    buckets: Mapping[str, str] = field(default_factory=dict)
    """Names of buckets that are words."""

    def fact(self, short_name: str) -> str:
        return self.facts.get(short_name, short_name)

    def actor(self, kind: str) -> str:
        return self.actors.get(kind, kind.lower())

    def bucket_name(self, name: str) -> str:
        return self.buckets.get(name, name) if name else self.unknown_bucket


ENGLISH = Words(
    lang="en",
    bucket="bucket",
    cases="cases",
    amount="amount",
    share="share",
    month_before="before",
    change="change",
    total="total",
    unknown_bucket="not known yet",
    entry="new",
    rolls="How they rolled",
    from_to="from ↓   to →",
    no_rolls="No earlier date to compare with.",
    amounts_in="amounts in whole {currency}",
    service="service",
    stored="stored",
    published="published",
    heard="heard by",
    streams="streams",
    chains="chains",
    verdict="verdict",
    holds="holds",
    broken="BROKEN",
    all_intact="all intact",
    happened="happened",
    known="known",
    who="who",
    what="what",
    balance="balance",
    why="why",
    late_knowledge="known later than it happened",
    nothing_happened="Nothing has happened.",
    no_cases="No case fits.",
    case="case",
    state="state",
    late="late",
    segment="segment",
    since="since",
    debts="debts",
    parties="parties",
    answered="True of {as_of}, as known at {known}",
    grounds="It rests on",
    line="line",
    column="column",
    reason="reason",
    and_more="and {more} more",
    rows_taken="{taken} rows taken, {repeated} of them said nothing new.",
    rows_refused="{refused} rows refused.",
    batch_rejected="Rejected, none of its cases is opened: {batch}",
    importing="importing",
    opening="opening",
    opened="{opened} open",
    nothing_parked="Nothing is parked.",
    tries="tries",
    waiting="waiting",
    unheard="not known to this version",
    now="now",
    next_due="next due",
    quiet="quiet",
    real_time="real time",
    published_as="Published as version {version}.",
    facts=ENGLISH_FACTS,
    actors={
        "AGENT": "agent",
        "BOT": "bot",
        "DEBTOR": "debtor",
        "REPRESENTATIVE": "representative",
        "SYSTEM": "system",
        "TIMER": "clock",
        "AGENCY": "agency",
        "CLIENT": "client",
    },
)

SPANISH = Words(
    lang="es",
    bucket="tramo",
    cases="expedientes",
    amount="importe",
    share="peso",
    month_before="antes",
    change="cambio",
    total="total",
    unknown_bucket="aún sin tramo",
    entry="alta",
    rolls="Cómo rodaron",
    from_to="de ↓   a →",
    no_rolls="No hay fecha anterior con que comparar.",
    amounts_in="importes en {currency} enteros",
    service="servicio",
    stored="guardados",
    published="publicados",
    heard="oídos por",
    streams="historias",
    chains="cadenas",
    verdict="veredicto",
    holds="se sostiene",
    broken="ROTO",
    all_intact="todas íntegras",
    happened="ocurrió",
    known="se supo",
    who="quién",
    what="qué",
    balance="saldo",
    why="por qué",
    late_knowledge="se supo después de que ocurriera",
    nothing_happened="No ha ocurrido nada.",
    no_cases="Ningún expediente encaja.",
    case="expediente",
    state="estado",
    late="retraso",
    segment="segmento",
    since="desde",
    debts="deudas",
    parties="intervinientes",
    answered="A día {as_of}, según lo sabido el {known}",
    grounds="Se apoya en",
    line="línea",
    column="columna",
    reason="motivo",
    and_more="y {more} más",
    rows_taken="{taken} filas aceptadas; {repeated} de ellas no decían nada nuevo.",
    rows_refused="{refused} filas rechazadas.",
    batch_rejected="Rechazada; no se abre ninguno de sus expedientes: {batch}",
    importing="importando",
    opening="abriendo",
    opened="{opened} abiertos",
    nothing_parked="No hay nada apartado.",
    tries="intentos",
    waiting="esperan",
    unheard="esta versión no lo conoce",
    now="ahora",
    next_due="próximo vencimiento",
    quiet="en reposo",
    real_time="tiempo real",
    published_as="Publicada como versión {version}.",
    facts=SPANISH_FACTS,
    actors={
        "AGENT": "gestor",
        "BOT": "bot",
        "DEBTOR": "deudor",
        "REPRESENTATIVE": "representante",
        "SYSTEM": "sistema",
        "TIMER": "reloj",
        "AGENCY": "agencia",
        "CLIENT": "cliente",
    },
    buckets={"current": "al corriente"},
)

WORDS: Mapping[Lang, Words] = {"en": ENGLISH, "es": SPANISH}
