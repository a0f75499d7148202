"""Questionnaires as people write them: the questions from a file, and answers as `name=value`, in the form that is stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from acuerdo.cases.v1 import dossier_pb2 as dossier
from acuerdo.common.v1.types_pb2 import Money

from clients.cli import money
from clients.cli.failures import INVALID, Failure, usage
from clients.cli.reading import content_of, day, member

NEEDED, OPTIONAL = ("key", "text", "kind"), ("choices", "forbidden_in")
YES_NO = {**dict.fromkeys(("yes", "y", "sí", "si", "s"), "YES"), **dict.fromkeys(("no", "n"), "NO")}
_AMOUNT = re.compile(r"(\S+) ?([A-Z]{3})")
_STORED_AMOUNT = re.compile(r"(-?[0-9]{1,16}) ([A-Z]{3})")


class _Loader(yaml.BaseLoader):
    """Every word is text: `NO` is Norway, and stays so. No name twice, no aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not taken")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        if len({str(name) for name in names}) != len(names):
            raise yaml.YAMLError(f"a name appears twice at line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


# The file --------------------------------------------------------------------------------------------------------------


def read_questionnaire(file: Path) -> tuple[str, list[dossier.Question]]:
    """Its name (empty where it says none) and its questions. Failure with everything that is wrong with the file's form."""
    try:
        whole = yaml.load(content_of(file).decode(), _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as broken:
        raise usage(f"{file} is neither YAML nor JSON.", " ".join(str(broken).split())[:300]) from broken
    faults: list[str] = []
    said = _mapping("", whole, ("questions",), ("name",), faults)
    listed = said.get("questions", [])
    if not isinstance(listed, list):
        faults.append("questions: must be a list")
        listed = []
    questions = [_question(f"questions[{place}]", each, faults) for place, each in enumerate(listed)]
    name = _text("name", said.get("name", ""), faults)
    if faults:
        raise Failure(INVALID, f"{file} is not a questionnaire as data/README.md describes it:", "USAGE", faults)
    return name, questions


def _question(where: str, said: Any, faults: list[str]) -> dossier.Question:
    words = _mapping(where, said, NEEDED, OPTIONAL, faults)
    question = dossier.Question(
        key=_text(f"{where}.key", words.get("key", ""), faults),
        text=_text(f"{where}.text", words.get("text", ""), faults),
        choices=_texts(f"{where}.choices", words.get("choices", []), faults),
        forbidden_in=_texts(f"{where}.forbidden_in", words.get("forbidden_in", []), faults),
    )
    if "kind" in words:
        try:
            question.kind = member(dossier.AnswerKind, _text(f"{where}.kind", words["kind"], faults), f"{where}.kind")
        except Failure as none:
            faults.append(none.sentence)
    return question


def _mapping(where: str, said: Any, needed: Sequence[str], optional: Sequence[str], faults: list[str]) -> dict[str, Any]:
    if not isinstance(said, dict):
        faults.append(f"{where or 'the file'}: must say {', '.join(needed)}")
        return {}
    inside = f"{where}." if where else ""
    faults += [f"{inside}{name}: is missing" for name in needed if name not in said]
    faults += [f"{inside}{name}: is not known here" for name in said if name not in (*needed, *optional)]
    return said


def _text(where: str, said: Any, faults: list[str]) -> str:
    if not isinstance(said, str):
        faults.append(f"{where}: must be text")
        return ""
    return said


def _texts(where: str, said: Any, faults: list[str]) -> list[str]:
    if not isinstance(said, list):
        faults.append(f"{where}: must be a list")
        return []
    return [_text(f"{where}[{place}]", each, faults) for place, each in enumerate(said)]


# Answers ---------------------------------------------------------------------------------------------------------------


def read_answers(said: Sequence[str], asked: Sequence[dossier.Question]) -> list[dossier.Answer]:
    """`income=1200.00 EUR` as 120000 EUR, `works=yes` as YES …, by the kind of the question. Failure naming the question."""
    by_key = {question.key: question for question in asked}
    answers: dict[str, dossier.Answer] = {}
    for each in said:
        key, sign, value = each.partition("=")
        key, value = key.strip(), value.strip()
        if not sign or not value:
            raise usage(f"An answer is said as name=value, e.g. works=yes: {each}")
        if key not in by_key:
            raise usage(f"{key} is not asked of this case. Asked is: {', '.join(by_key) or 'nothing'}.")
        if key in answers:
            raise usage(f"{key} is answered twice.")
        answers[key] = dossier.Answer(key=key, value=STORED[by_key[key].kind](by_key[key], value))
    return list(answers.values())


def _choice(question: dossier.Question, value: str) -> str:
    code = value.upper().replace("-", "_")
    if code not in question.choices:
        raise usage(f"{question.key} is none of {', '.join(question.choices)}: {value}")
    return code


def _yes_no(question: dossier.Question, value: str) -> str:
    if value.lower() not in YES_NO:
        raise usage(f"{question.key} is answered with yes or no: {value}")
    return YES_NO[value.lower()]


def _amount(question: dossier.Question, value: str) -> str:
    matched = _AMOUNT.fullmatch(value)
    if matched is None:
        raise usage(f"{question.key} is an amount with its currency, such as 1200.00 EUR: {value}")
    try:
        return f"{money.minor_units(matched[1], decimals=money.decimals_of(matched[2]))} {matched[2]}"
    except money.NotAnAmount as wrong:
        raise usage(f"{question.key} {wrong}: {value}") from wrong


def _date(question: dossier.Question, value: str) -> str:
    wire = day(value, question.key)
    return f"{wire.year:04}-{wire.month:02}-{wire.day:02}"


STORED: Mapping[int, Callable[[dossier.Question, str], str]] = {
    dossier.ANSWER_KIND_TEXT: lambda _, value: value,
    dossier.ANSWER_KIND_CHOICE: _choice,
    dossier.ANSWER_KIND_YES_NO: _yes_no,
    dossier.ANSWER_KIND_AMOUNT: _amount,
    dossier.ANSWER_KIND_DATE: _date,
}
"""How what a person writes is stored, by the kind of the question."""


def shown_amount(stored: str, lang: str) -> str:
    """`120000 EUR` as a reader expects it, EUR 1,200.00; whatever else stands there, as it stands."""
    matched = _STORED_AMOUNT.fullmatch(stored)
    return stored if matched is None else money.shown(Money(currency_code=matched[2], minor_units=int(matched[1])), lang)
