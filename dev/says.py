"""What `make run` says around its blocks, in Spanish and in English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Says:
    """Texts; {…} is filled in."""

    starting: str
    playing: str
    already_played: str
    portfolio: str
    proof: str
    rates: str
    replay_is_live: str
    replay_differs: str
    one_case: str
    holds: str
    restatement: str
    dispute: str
    addresses: str
    paste: str
    known_then: str
    why_bucket: str
    why_balance: str
    what_stops: str
    flipped: str
    law: str
    contacts: str
    count: str
    rule: str
    allowed: str
    put_off: str
    denied: str
    sent: str
    breaches: str
    breaches_why: str
    after_a_hold: str
    month: str
    collected: str
    promises: str
    kept_as_published: str
    kept_as_restated: str
    pages: str
    mail: str
    why_denied: str
    known_before_return: str
    stays: str
    stopped: str
    data_stays: str


SPANISH = Says(
    starting="Arrancando {what} …",
    playing="Seis meses de una cartera real: {what}",
    already_played="La cartera ya estaba aquí: nada se ha perdido, aunque el broker lo había olvidado todo.",
    portfolio="CARTERA · {name} · a {as_of}, frente a {since}",
    proof="PRUEBA",
    rates="{units} hechos guardados en {seconds} s al importar: {rate} por segundo, cada uno duradero, publicado y oído.",
    replay_is_live="✓ Reproducir la historia de los {cases} expedientes da exactamente su estado vivo.",
    replay_differs="✗ {count} expedientes difieren de su historia: {which}",
    one_case="UN EXPEDIENTE · {ref}: qué pasó y cuándo lo supimos",
    holds="PARALIZACIONES · {ref}: qué está parado hoy, y por qué",
    restatement="CORRECCIÓN · {ref}: el acreedor corrigió lo comunicado a {day}",
    dispute="DISPUTA · {ref}: qué se impugna, qué queda parado, y cómo se resolvió una parte",
    addresses="DIRECCIONES",
    paste="Para pegar en otra terminal:",
    known_then="# el mismo expediente, como se conocía el {known_at}",
    why_bucket="# por qué está en su tramo",
    why_balance="# por qué debe lo que debe",
    what_stops="# qué estaba parado otro día",
    flipped="# un byte cambiado en una copia de su historia: el verificador nombra el hecho",
    law="LEY · lo que se permitió y lo que no",
    contacts="contactos",
    count="número",
    rule="regla",
    allowed="permitidos",
    put_off="aplazados",
    denied="denegados",
    sent="mensajes enviados",
    breaches="fuera de permiso",
    breaches_why="contados como contactos, y contra quien los hizo",
    after_a_hold="después de una paralización ({holds} oídas)",
    month="mes",
    collected="cobrado",
    promises="compromisos juzgados",
    kept_as_published="cumplidos según se publicó",
    kept_as_restated="según se sabe hoy",
    pages="páginas de pago",
    mail="correo",
    why_denied="# por qué no se le escribió de noche, decidido otra vez",
    known_before_return="# el mismo expediente, como se conocía antes de la devolución",
    stays="Sigue en marcha hasta Ctrl-C.",
    stopped="Parado.",
    data_stays="Los datos quedan en {home}; `make run` los vuelve a encontrar.",
)

ENGLISH = Says(
    starting="Starting {what} …",
    playing="Six months of a real portfolio: {what}",
    already_played="The portfolio was here already: nothing is lost, although the broker had forgotten everything.",
    portfolio="PORTFOLIO · {name} · as of {as_of}, against {since}",
    proof="PROOF",
    rates="{units} facts stored in {seconds} s of import: {rate} a second, each one durable, published and heard.",
    replay_is_live="✓ Replaying the history of all {cases} cases gives exactly their live state.",
    replay_differs="✗ {count} cases differ from their history: {which}",
    one_case="ONE CASE · {ref}: what happened, and when we knew",
    holds="HOLDS · {ref}: what is stopped today, and why",
    restatement="RESTATEMENT · {ref}: the creditor corrected what it had reported of {day}",
    dispute="DISPUTE · {ref}: what is contested, what stands still for it, and how a part was resolved",
    addresses="ADDRESSES",
    paste="To paste into another terminal:",
    known_then="# the same case, as it was known on {known_at}",
    why_bucket="# why it is in its bucket",
    why_balance="# why it owes what it owes",
    what_stops="# what was stopped on another day",
    flipped="# one byte flipped in a copy of its history: the verifier names the fact",
    law="LAW · what was allowed, and what was not",
    contacts="contacts",
    count="count",
    rule="rule",
    allowed="allowed",
    put_off="put off",
    denied="denied",
    sent="messages sent",
    breaches="outside a permit",
    breaches_why="counted like any contact, and held against who made them",
    after_a_hold="after a hold ({holds} heeded)",
    month="month",
    collected="collected",
    promises="promises judged",
    kept_as_published="kept as published",
    kept_as_restated="kept as known now",
    pages="payment pages",
    mail="mail",
    why_denied="# why nobody wrote to them at night, decided again",
    known_before_return="# the same case, as it was known before the debit came back",
    stays="Stays up until Ctrl-C.",
    stopped="Stopped.",
    data_stays="The data stays in {home}; `make run` finds it again.",
)

SAYS = {"es": SPANISH, "en": ENGLISH}
