"""Blocks of output about what is known of people: a questionnaire, the dossier, single facts, and who has read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from acuerdo.cases.v1 import dossier_pb2 as dossier
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clients.cli.dossier_words import DOSSIER_WORDS, DossierWords
from clients.cli.frames import NOTHING, day, moment, table_frame
from clients.cli.questionnaires import shown_amount
from clients.cli.words import Words

Amounts = Mapping[tuple[str, int], frozenset[str]]
"""By questionnaire and number: the keys whose answers are amounts."""


def questionnaire_block(answer: dossier.GetQuestionnaireResponse, words: Words, *, is_for_a_case: bool = False) -> RenderableType:
    """What is asked, under which name it is answered, and how."""
    said = DOSSIER_WORDS[words.lang]
    heading = Text.assemble((answer.name, "bold"), f"  {answer.number}", (f"  {answer.questionnaire_id}", "dim"))
    if answer.is_retired:
        heading.append(f"  {said.retired}", style="yellow")
    table = table_frame()
    table.add_column(said.key, overflow="fold", max_width=24, style="bold")
    table.add_column(said.question, overflow="fold", ratio=1)
    table.add_column(said.answered_with, overflow="fold", max_width=28)
    if not is_for_a_case:
        table.add_column(said.forbidden_in, overflow="fold", max_width=12)
    for question in answer.questions:
        kind = said.code(dossier.AnswerKind.Name(question.kind), "ANSWER_KIND_")
        row: list[RenderableType] = [question.key, question.text, ", ".join(question.choices) or kind]
        table.add_row(*row, *([] if is_for_a_case else [", ".join(question.forbidden_in) or NOTHING]))
    return Group(heading, table, Text(said.not_asked_in, style="dim")) if is_for_a_case else Group(heading, table)


# The dossier -----------------------------------------------------------------------------------------------------------


def dossier_block(answer: dossier.GetDossierResponse, amounts: Amounts, words: Words) -> RenderableType:
    """One line for what counts of each thing, those that say otherwise below it; person by person where there are several."""
    said = DOSSIER_WORDS[words.lang]
    if not answer.entries:
        return Text(said.nothing_known, style="dim")
    people = list(dict.fromkeys(entry.person_id for entry in answer.entries))
    parts: list[RenderableType] = []
    for person_id in people:
        if len(people) > 1:
            parts += [Text(), Text(f"{said.of} {person_id}", style="bold")]
        table = _facts_frame(said)
        for entry in answer.entries:
            if entry.person_id == person_id:
                _add(table, entry, amounts, words)
        parts.append(table)
    known = said.known_at.format(known=f"{moment(answer.as_known_at)} UTC")
    return Group(*parts, Text(known, style="dim"))


def _add(table: Table, entry: dossier.DossierEntry, amounts: Amounts, words: Words) -> None:
    said = DOSSIER_WORDS[words.lang]
    if entry.HasField("counts"):
        table.add_row(entry.key, *_cells(entry, entry.counts, amounts, words))
    else:
        table.add_row(entry.key, Text(said.nothing_counts, style="dim"))
    for fact in entry.contradictions:
        table.add_row(Text("  ≠", style="yellow"), *_cells(entry, fact, amounts, words), style="yellow")
    for fact in entry.history:
        table.add_row(Text("  ↺"), *_cells(entry, fact, amounts, words, is_past=True), style="dim")


def _cells(entry: dossier.DossierEntry, fact: dossier.DossierFact, amounts: Amounts, words: Words, *, is_past: bool = False) -> list[Text]:
    said = DOSSIER_WORDS[words.lang]
    is_amount = entry.key in amounts.get((fact.questionnaire_id, fact.questionnaire_number), ())
    value = Text(shown_amount(fact.value, words.lang) if is_amount else fact.value)
    if fact.is_erased:
        value = Text(said.erased, style="dim")
    notes = [said.superseded] if fact.superseded_by else [said.retracted] if fact.is_retracted else []
    if fact.HasField("valid_through"):
        # What stood before and was neither superseded nor retracted has expired.
        notes.append(said.over if is_past and not notes else said.until.format(day=day(fact.valid_through)))
    if notes:
        value.append(f"  ({', '.join(notes)})", style="dim")
    return [value, Text(fact.source), Text(_confidence(fact.confidence, said)), Text(moment(fact.occurred_at)[:10])]


def facts_block(found: Sequence[cases.FactInClear], words: Words) -> RenderableType:
    """Each fact by itself, with its id to copy."""
    said = DOSSIER_WORDS[words.lang]
    if not found:
        return Text(said.nothing_known, style="dim")
    table = _facts_frame(said)
    for fact in found:
        value = Text(said.erased, style="dim") if fact.is_erased else Text(fact.value)
        if fact.superseded_by or fact.is_retracted:
            value.append(f"  ({said.superseded if fact.superseded_by else said.retracted})", style="dim")
        value.append(f"\n{fact.fact_id}", style="dim")
        table.add_row(fact.key, value, fact.source, _confidence(fact.confidence, said), moment(fact.occurred_at)[:10])
    return table


def _facts_frame(said: DossierWords) -> Table:
    table = table_frame()
    table.add_column(said.key, overflow="fold", max_width=24)
    table.add_column(said.says, overflow="fold", ratio=1)
    table.add_column(said.source, overflow="fold", max_width=16)
    table.add_column(said.confidence, no_wrap=True)
    table.add_column(said.when, no_wrap=True)
    return table


def _confidence(confidence: types.Confidence, said: DossierWords) -> str:
    return said.code(types.Confidence.Name(confidence), "CONFIDENCE_")


# Readings --------------------------------------------------------------------------------------------------------------


def readings_block(readings: Sequence[dossier.Reading], words: Words) -> RenderableType:
    """Who has read what, when, and what for."""
    said = DOSSIER_WORDS[words.lang]
    if not readings:
        return Text(said.nobody_read, style="dim")
    table = table_frame()
    table.add_column(said.when, no_wrap=True)
    table.add_column(said.reader, overflow="fold", max_width=24)
    table.add_column(said.purpose, overflow="fold", max_width=24)
    table.add_column(said.fields, overflow="fold", ratio=1)
    for reading in readings:
        table.add_row(moment(reading.occurred_at), reading.reader, reading.purpose, ", ".join(reading.fields) or NOTHING)
    return table
