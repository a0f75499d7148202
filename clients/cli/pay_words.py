"""Words of the output about payments, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class PayWords:
    payment: str
    amount: str
    value_date: str
    source: str
    reference: str
    where: str
    why: str
    debt: str
    component: str
    rule: str
    owed: str
    allocated: str
    waiting: str
    in_suspense: str
    credit: str
    reversed_on: str
    complete_through: str
    complete_through_none: str
    told_before: str
    recorded: str
    reversed: str
    unmatched: str
    nothing: str
    nothing_waits: str
    no_payments: str
    taken_back: str
    tells: str
    any_portfolio: str
    reproduced: str
    not_reproduced: str
    shared: str
    excess: str
    since: str
    zone: str
    registered: str
    completed: str
    corrected: str
    mapping: str
    published: str
    activated: str
    not_completed: str
    in_force: str


PAY_WORDS: Mapping[Lang, PayWords] = {
    "en": PayWords(
        payment="payment",
        amount="amount",
        value_date="value date",
        source="source",
        reference="reference",
        where="where it is",
        why="why",
        debt="debt",
        component="part",
        rule="rule",
        owed="was owed",
        allocated="applied",
        waiting="waits",
        in_suspense="in suspense",
        credit="a credit",
        reversed_on="taken back on",
        complete_through="complete through",
        complete_through_none="not told complete through any day",
        told_before="Told before: {payment}",
        recorded="Recorded: {payment}",
        reversed="Taken back: {payment}",
        unmatched="Taken off that case; it waits: {payment}",
        nothing="No money has been applied.",
        nothing_waits="Nothing waits.",
        no_payments="There is no such payment.",
        taken_back="taken back",
        tells="Tells payments of: {portfolios}",
        any_portfolio="any portfolio",
        reproduced="The same order over the same book gives the same lines today.",
        not_reproduced="The same order over the same book gives OTHER lines today.",
        shared="shared in proportion by {count} debts",
        excess="more than is owed, would wait",
        since="since",
        zone="zone",
        registered="Registered: {source}",
        completed="Complete through {day}.",
        corrected="Put right: {day}.",
        mapping="columns, version {version}",
        published="Published as version {version}.",
        activated="Version {version} is in force.",
        not_completed="The source was not told complete: {reason}",
        in_force="order of application",
    ),
    "es": PayWords(
        payment="pago",
        amount="importe",
        value_date="fecha valor",
        source="fuente",
        reference="referencia",
        where="dónde está",
        why="por qué",
        debt="deuda",
        component="parte",
        rule="regla",
        owed="se debía",
        allocated="imputado",
        waiting="en espera",
        in_suspense="pendiente de aplicar",
        credit="saldo a favor",
        reversed_on="devuelto el",
        complete_through="completa hasta",
        complete_through_none="no consta completa hasta ningún día",
        told_before="Ya constaba: {payment}",
        recorded="Registrado: {payment}",
        reversed="Devuelto: {payment}",
        unmatched="Retirado de ese expediente; queda pendiente: {payment}",
        nothing="No se ha imputado dinero.",
        nothing_waits="No hay nada pendiente de aplicar.",
        no_payments="No hay tal pago.",
        taken_back="devuelto",
        tells="Informa de pagos de: {portfolios}",
        any_portfolio="cualquier cartera",
        reproduced="El mismo orden sobre el mismo libro da hoy las mismas líneas.",
        not_reproduced="El mismo orden sobre el mismo libro da hoy OTRAS líneas.",
        shared="a prorrata entre {count} deudas",
        excess="más de lo que se debe, quedaría pendiente",
        since="desde",
        zone="zona",
        registered="Registrada: {source}",
        completed="Completa hasta {day}.",
        corrected="Corregida: {day}.",
        mapping="columnas, versión {version}",
        published="Publicada como versión {version}.",
        activated="La versión {version} está en vigor.",
        not_completed="La fuente no se dio por completa: {reason}",
        in_force="orden de imputación",
    ),
}
