"""Blocks of output about strategies: findings, where a case stands, and what was decided, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acuerdo.strategy.v1 import service_pb2 as service
from acuerdo.strategy.v1 import strategies_pb2 as strategies
from acuerdo.strategy.v1 import treatments_pb2 as treatments
from acuerdo.strategy.v1 import types_pb2 as types
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, moment, pairs_frame, table_frame, word_of
from clients.cli.words import Lang

ID_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class StrategyWords:
    sound: str
    unsound: str
    place: str
    rule: str
    says: str
    activated: str
    paused: str
    resumed: str
    overridden: str
    row: str
    bucket: str
    balance: str
    client: str
    segment: str
    step: str
    since: str
    waits_for: str
    until: str
    nowhere: str
    people: str
    at: str
    decision: str
    chosen: str
    why: str
    saw: str
    could: str
    version: str
    again: str
    differs: str
    nothing_decided: str
    waits: Mapping[str, str]


STRATEGY_WORDS: Mapping[Lang, StrategyWords] = {
    "en": StrategyWords(
        sound="Nothing is wrong with it.",
        unsound="{number} things are wrong with it.",
        place="place",
        rule="rule",
        says="what",
        activated="Version {version} is in force.",
        paused="The strategy asks for nothing until it is resumed.",
        resumed="The strategy goes on with the case.",
        overridden="The case stands at {step} now.",
        row="row of the table",
        bucket="bucket",
        balance="balance",
        client="client",
        segment="segment",
        step="step",
        since="since",
        waits_for="waits for",
        until="until",
        nowhere="It stands nowhere in the strategy yet.",
        people="People have taken the case over.",
        at="when",
        decision="decision",
        chosen="chosen",
        why="why",
        saw="saw",
        could="could choose",
        version="by version",
        again="Decided again from what was recorded: the same.",
        differs="Decided again from what was recorded: NOT the same.",
        nothing_decided="Nothing was decided about the case yet.",
        waits={
            "TIME": "its time",
            "ANSWER": "an answer of contacts",
            "MONEY": "money that is on its way",
            "PROMISE": "a promise",
            "HOLD": "the end of a hold",
            "PERSON": "people who have taken over",
            "DEBTOR": "somebody to write to",
            "FACT": "whatever happens to the case",
            "NOTHING": "nothing",
        },
    ),
    "es": StrategyWords(
        sound="No tiene ningún defecto.",
        unsound="Tiene {number} defectos.",
        place="lugar",
        rule="regla",
        says="qué",
        activated="La versión {version} está en vigor.",
        paused="La estrategia no pide nada hasta que se reanude.",
        resumed="La estrategia sigue con el expediente.",
        overridden="El expediente está ahora en {step}.",
        row="fila de la tabla",
        bucket="tramo",
        balance="saldo",
        client="cliente",
        segment="segmento",
        step="paso",
        since="desde",
        waits_for="espera",
        until="hasta",
        nowhere="Aún no está en ningún paso de la estrategia.",
        people="Lo llevan personas.",
        at="cuándo",
        decision="decisión",
        chosen="elegido",
        why="por qué",
        saw="vio",
        could="podía elegir",
        version="por la versión",
        again="Decidido de nuevo con lo registrado: lo mismo.",
        differs="Decidido de nuevo con lo registrado: NO lo mismo.",
        nothing_decided="Aún no se ha decidido nada sobre el expediente.",
        waits={
            "TIME": "su momento",
            "ANSWER": "una respuesta de contactos",
            "MONEY": "dinero en camino",
            "PROMISE": "una promesa",
            "HOLD": "el fin de un bloqueo",
            "PERSON": "a quienes lo llevan",
            "DEBTOR": "a quién escribir",
            "FACT": "lo que pase en el expediente",
            "NOTHING": "nada",
        },
    ),
}


def findings_block(found: strategies.ValidateStrategyResponse, lang: Lang) -> RenderableType:
    said = STRATEGY_WORDS[lang]
    if not found.findings:
        return Text(said.sound, style="green")
    table = table_frame()
    table.add_column(said.place, overflow="fold", ratio=2)
    table.add_column(said.rule, overflow="fold", ratio=1)
    table.add_column(said.says, overflow="fold", ratio=2)
    for each in found.findings:
        table.add_row(each.field, word_of(types.Finding.Rule.Name(each.rule), "RULE_"), each.description)
    return table


def position_block(treatment: service.Treatment, lang: Lang) -> RenderableType:
    said = STRATEGY_WORDS[lang]
    pairs = pairs_frame()
    pairs.add_row(said.segment, treatment.segment or NOTHING)
    if not treatment.HasField("position"):
        return Group(pairs, Text(said.nowhere, style="dim"))
    at = treatment.position
    pairs.add_row(said.step, Text.assemble((at.step, "bold"), f"  ({said.version} {at.strategy_version})"))
    pairs.add_row(said.since, moment(at.entered_at))
    pairs.add_row(said.waits_for, said.waits.get(at.waits_for, at.waits_for))
    if at.HasField("until"):
        pairs.add_row(said.until, moment(at.until))
    return Group(pairs, Text(said.people, style="yellow")) if treatment.is_paused else pairs


def segment_block(answer: service.ExplainSegmentResponse, lang: Lang) -> RenderableType:
    """The row that matched and why, what the table saw, and whether it says the same again."""
    said = STRATEGY_WORDS[lang]
    pairs = pairs_frame()
    pairs.add_row(said.segment, Text(answer.segment, style="bold"))
    pairs.add_row(said.row, f"{answer.row_id}  ({said.version} {answer.table_version})")
    pairs.add_row(said.why, answer.reason)
    pairs.add_row(said.bucket, answer.bucket or NOTHING)
    pairs.add_row(said.balance, money.shown(answer.balance, lang))
    pairs.add_row(said.client, answer.client_id or NOTHING)
    verdict = Text(said.again, style="green") if answer.is_reproduced else Text(said.differs, style="red")
    return Group(pairs, Text(), verdict)


def decisions_block(found: treatments.ListDecisionsResponse, lang: Lang) -> RenderableType:
    said = STRATEGY_WORDS[lang]
    if not found.decisions:
        return Text(said.nothing_decided, style="dim")
    table = table_frame()
    for name in (said.at, said.decision, said.step, said.chosen):
        table.add_column(name, overflow="fold")
    table.add_column(said.why, overflow="fold", ratio=1)
    for each in found.decisions:
        table.add_row(moment(each.decided_at), each.decision_id[-ID_CHARACTERS:], each.step or NOTHING, _way(each), each.reason)
    return table


def decision_block(answer: treatments.ExplainDecisionResponse, lang: Lang) -> RenderableType:
    said, decided = STRATEGY_WORDS[lang], answer.decision
    pairs = pairs_frame()
    pairs.add_row(said.decision, decided.decision_id)
    pairs.add_row(said.at, f"{moment(decided.decided_at)}  {decided.origin}".rstrip())
    pairs.add_row(said.step, decided.step or NOTHING)
    pairs.add_row(said.chosen, Text(_way(decided), style="bold"))
    pairs.add_row(said.why, decided.reason)
    pairs.add_row(said.could, ", ".join(f"{each.name} → {each.leads_to}" for each in decided.candidates))
    pairs.add_row(said.saw, ", ".join(f"{each.name}={each.value}" for each in decided.inputs))
    pairs.add_row(said.version, f"{decided.strategy_version}  {decided.document_hash.hex()[:16]}")
    verdict = Text(said.again, style="green") if answer.is_reproduced else Text(said.differs, style="red")
    return Group(pairs, Text(), verdict)


def _way(decided: treatments.Decision) -> str:
    return decided.chosen if decided.leads_to in ("", decided.step) else f"{decided.chosen} → {decided.leads_to}"
