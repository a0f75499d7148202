"""A report as a person reads it, and as a program does."""

from __future__ import annotations

import json
from collections.abc import Iterator

from clients.audit.verification import Report

FINDINGS_SHOWN_MAX = 50


def as_text(report: Report, lang: str = "en") -> Iterator[str]:
    """Lines: what was checked, what does not fit, what a chain alone cannot show."""
    words, header = WORDS[lang], report.header
    yield words["of"].format(service=header.service, stream=header.stream_id, exported_at=header.exported_at.isoformat())
    yield words["checked"].format(events=report.events, head=report.head_hash.hex())
    if header.log_position:
        yield words["log"].format(position=header.log_position, epoch=header.log_epoch, exported_at=header.exported_at.isoformat())
    if report.is_intact:
        yield words["intact"]
    else:
        yield words["broken"].format(subject=report.findings[0].subject(lang))
        for finding in report.findings[:FINDINGS_SHOWN_MAX]:
            yield f"  - {finding.sentence(lang)}"
        if len(report.findings) > FINDINGS_SHOWN_MAX:
            yield f"  … {len(report.findings) - FINDINGS_SHOWN_MAX}"
    if report.known_head_version is not None:
        yield words["known_head"].format(version=report.known_head_version, after=report.events - report.known_head_version)
    if report.unknown_facts:
        yield words["unknown"].format(facts=", ".join(report.unknown_facts))
    yield ""
    yield words["limits"]
    for limit in limits(report, lang):
        yield f"  - {limit}"


def limits(report: Report, lang: str = "en") -> Iterator[str]:
    """What this file cannot prove, whatever its chain says."""
    yield WORDS[lang]["rewriting"]
    if report.known_head_version is None:
        yield WORDS[lang]["truncation"]
    yield WORDS[lang]["placement"]
    yield WORDS[lang]["completeness"]


def as_json(report: Report, lang: str = "en") -> str:
    header = report.header
    return json.dumps(
        {
            "intact": report.is_intact,
            "service": header.service,
            "stream_id": str(header.stream_id),
            "exported_at": header.exported_at.isoformat(),
            "events": report.events,
            "versions_claimed": header.versions,
            "log_epoch": header.log_epoch,
            "log_position": header.log_position,
            "contracts_hash": header.contracts_hash.hex(),
            "head_hash": report.head_hash.hex(),
            "head_hash_claimed": header.head_hash.hex(),
            "known_head_version": report.known_head_version,
            "broken_at_version": report.findings[0].version if report.findings else None,
            "findings": [
                {
                    "version": finding.version,
                    "type": finding.type,
                    "problem": finding.problem.value,
                    "facts": dict(finding.facts),
                    "sentence": finding.sentence(lang),
                }
                for finding in report.findings
            ],
            "unknown_facts": list(report.unknown_facts),
            "not_shown": list(limits(report, lang)),
        },
        ensure_ascii=False,
        indent=2,
    )


WORDS = {
    "en": {
        "of": "History of {service}/{stream}, exported {exported_at}",
        "checked": "{events} events checked; SHA-256 of the last: {head}",
        "log": "The whole log stood at position {position} of epoch {epoch}, told through {exported_at}.",
        "intact": "INTACT: every event remembers the one before it, and the last is the head that was claimed.",
        "broken": "BROKEN, first at {subject}. What does not fit:",
        "known_head": "The hash known from elsewhere is that of event {version}; {after} events came after it.",
        "unknown": "Facts that these contracts do not know (their chain was checked, their content was not read): {facts}",
        "limits": "What a chain alone cannot show:",
        "rewriting": "That nobody rewrote the whole stream: who may write to the database can make a new chain that fits. "
        "Only hashes that left the building before show that.",
        "truncation": "That nothing is missing at the end: a shorter history with a head to fit is intact in itself. "
        "Give a hash known from elsewhere (--head HEX).",
        "completeness": "That this is all there was to tell: what was never recorded leaves no gap, and other streams (who read the "
        "file) have histories of their own.",
        "placement": "That position and instant of recording are the first ones: they lie beside the events, not in them. "
        "Here they were only checked never to go back, nor beyond where the log stood.",
    },
    "es": {
        "of": "Historia de {service}/{stream}, exportada {exported_at}",
        "checked": "{events} hechos comprobados; SHA-256 del último: {head}",
        "log": "El registro entero estaba en la posición {position} de la época {epoch}, contado hasta {exported_at}.",
        "intact": "ÍNTEGRA: cada hecho recuerda al anterior, y el último es el que se afirmó.",
        "broken": "ROTA, primero en {subject}. Lo que no encaja:",
        "known_head": "El hash conocido por otra vía es el del hecho {version}; después hubo {after} hechos.",
        "unknown": "Hechos que estos contratos no conocen (se comprobó su cadena, no se leyó su contenido): {facts}",
        "limits": "Lo que una cadena por sí sola no puede mostrar:",
        "rewriting": "Que nadie reescribió la historia entera: quien puede escribir en la base puede hacer otra cadena que encaje. "
        "Solo lo muestran los hash que salieron antes de la casa.",
        "truncation": "Que no falta nada al final: una historia más corta, con un último hash a juego, es íntegra en sí. "
        "Dé un hash conocido por otra vía (--head HEX).",
        "completeness": "Que esto es todo lo que había que contar: lo que nunca se registró no deja hueco, y otras historias (quién "
        "consultó el expediente) tienen la suya.",
        "placement": "Que la posición y el instante de registro son los primeros: están junto a los hechos, no dentro. "
        "Aquí solo se comprobó que no retroceden ni pasan de donde estaba el registro.",
    },
}
