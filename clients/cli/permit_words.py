"""Words of the output about permits and packs, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clients.cli.words import Lang


@dataclass(frozen=True, slots=True)
class PermitWords:
    answers: Mapping[str, str]
    verdicts: Mapping[str, str]
    permit: str
    expires: str
    next_allowed: str
    needs: str
    rules: str
    zones: str
    reason: str
    saw: str
    clears: str
    by_event: str
    obligations: str
    warnings: str
    overridden: str
    alternatives: str
    limits: str
    on_trial: str
    reproduced: str
    differs: str
    recorded: str
    now_in_force: str
    allowed_now: str
    pack: str
    version: str
    status: str
    in_force: str
    trial: str
    vectors: str
    all_pass: str
    failing: str
    published: str
    activated: str
    deactivated: str
    no_packs: str
    released: str
    granted_at: str
    attempt: str
    states: Mapping[str, str]


PERMIT_WORDS: Mapping[Lang, PermitWords] = {
    "en": PermitWords(
        answers={"GRANTED": "granted", "DEFERRED": "deferred", "DENIED": "denied"},
        verdicts={"ALLOW": "allowed", "ALLOW_WITH_OBLIGATIONS": "allowed, with obligations", "DENY": "not allowed"},
        permit="permit",
        expires="may be used until",
        next_allowed="allowed from",
        needs="something must happen first",
        rules="decided by",
        zones="the person's clock",
        reason="what stands in the way",
        saw="what the rule saw",
        clears="until",
        by_event="until something happens",
        obligations="must",
        warnings="warnings",
        overridden="gone past, by a supervisor",
        alternatives="other channels",
        limits="used of limits",
        on_trial="a pack on trial would have said",
        reproduced="decided again: the same bytes",
        differs="decided again: OTHER BYTES",
        recorded="recorded",
        now_in_force="in force today",
        allowed_now="Allowed now.",
        pack="pack",
        version="version",
        status="its authors say",
        in_force="in force",
        trial="on trial",
        vectors="vectors",
        all_pass="all pass",
        failing="FAIL",
        published="Published.",
        activated="In force from then on.",
        deactivated="No longer in force from then on.",
        no_packs="No pack has been published: nobody may be contacted.",
        released="Given back.",
        granted_at="granted",
        attempt="contact made",
        states={
            "UNSPECIFIED": "?",
            "OPEN": "open",
            "CONSUMED": "used",
            "RELEASED": "given back",
            "REVOKED": "revoked",
            "EXPIRED": "expired",
            "DEFERRED": "deferred",
            "DENIED": "denied",
        },
    ),
    "es": PermitWords(
        answers={"GRANTED": "concedido", "DEFERRED": "aplazado", "DENIED": "denegado"},
        verdicts={"ALLOW": "permitido", "ALLOW_WITH_OBLIGATIONS": "permitido, con obligaciones", "DENY": "no permitido"},
        permit="permiso",
        expires="puede usarse hasta",
        next_allowed="permitido desde",
        needs="antes tiene que pasar algo",
        rules="decidido por",
        zones="el reloj de la persona",
        reason="lo que lo impide",
        saw="lo que vio la regla",
        clears="hasta",
        by_event="hasta que pase algo",
        obligations="obliga a",
        warnings="avisos",
        overridden="superado por un supervisor",
        alternatives="otros canales",
        limits="usado de los límites",
        on_trial="un paquete en prueba habría dicho",
        reproduced="decidido de nuevo: los mismos bytes",
        differs="decidido de nuevo: OTROS BYTES",
        recorded="registrado",
        now_in_force="en vigor hoy",
        allowed_now="Permitido ahora.",
        pack="paquete",
        version="versión",
        status="sus autores dicen",
        in_force="en vigor",
        trial="en prueba",
        vectors="vectores",
        all_pass="todos pasan",
        failing="FALLAN",
        published="Publicado.",
        activated="En vigor desde entonces.",
        deactivated="Deja de estar en vigor desde entonces.",
        no_packs="No se ha publicado ningún paquete: no se puede contactar a nadie.",
        released="Devuelto.",
        granted_at="concedido",
        attempt="contacto hecho",
        states={
            "UNSPECIFIED": "?",
            "OPEN": "abierto",
            "CONSUMED": "usado",
            "RELEASED": "devuelto",
            "REVOKED": "revocado",
            "EXPIRED": "caducado",
            "DEFERRED": "aplazado",
            "DENIED": "denegado",
        },
    ),
}
