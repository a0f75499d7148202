"""Packs as they are read: strictly, and an error that names pack, rule and field."""

from __future__ import annotations

from typing import Any

import pytest

from services.contacts.adapters import pack_store
from services.contacts.adapters.pack_fields import PackIsInvalid
from tests.services.contacts.policy.examples import a_pack, a_rule, document_of

VECTOR: dict[str, Any] = {"name": "one", "ask": {"at": "2026-03-03T12:00:00+01:00", "channel": "call"}, "expect": {"verdict": "maybe"}}


def a_count(**params: Any) -> dict[str, Any]:
    return a_rule("count_limit", **{"unit": "attempt", "key": ["person"], "max": 1, "window": {"kind": "ever"}, **params})


def hours(windows: dict[str, list[str]], holidays: str = "open") -> dict[str, Any]:
    return a_rule("time_windows", windows=windows, holidays=holidays)


def owing(**said: Any) -> dict[str, Any]:
    return a_rule("obligation", code="X", **said)


@pytest.mark.parametrize(
    ("document", "field", "description"),
    [
        (b"packs: [", "document", "is no YAML"),
        (b"schema: contact-policy/2\npacks: []", "schema", "is not one of contact-policy/1"),
        (b"schema: contact-policy/1\npacks: []", "packs", "is empty"),
        (b"schema: contact-policy/1\npacks: {}", "packs", "must be a list"),
        (b"schema: contact-policy/1\npacks: 7", "packs", "must be a list"),
        (b"schema: contact-policy/1\nschema: contact-policy/1", "schema", "is said twice"),
        (b"schema: contact-policy/1\npacks: [7]", "", "must be a mapping"),
    ],
)
def test_a_document_that_is_none_is_refused(document: bytes, field: str, description: str) -> None:
    with pytest.raises(PackIsInvalid) as error:
        pack_store.candidates(document)
    assert (error.value.field, description in error.value.description) == (field, True), error.value.description


@pytest.mark.parametrize(
    ("pack", "field", "description"),
    [
        (a_pack(a_rule("telepathy")), "rules[0].primitive", "is not one of allow_list"),
        (a_pack(a_count(unit="call")), "rules[0].params.unit", "is not one of attempt"),
        (a_pack(a_count(max=1.5)), "rules[0].params.max", "whole number"),
        (a_pack(a_count(max=True)), "rules[0].params.max", "whole number"),
        (a_pack(a_count(weeks=1)), "rules[0].params.weeks", "is not a field"),
        (a_pack(a_count(window={"kind": "calendar_days"})), "rules[0].params.window.days", "is missing"),
        (a_pack(a_count(key=[])), "rules[0].params.key", "names nobody"),
        (a_pack(hours({"mon-fri": ["9-21"]})), "rules[0].params.windows.mon-fri", "in quotes"),
        (a_pack(hours({"mon-fri": ["21:00-09:00"]})), "rules[0].params.windows.mon-fri", "end after it begins"),
        (a_pack(hours({"fri-mon": ["09:00-21:00"]})), "rules[0].params.windows.fri-mon", "days of the week"),
        (a_pack(hours({})), "rules[0].params.windows", "names no hours"),
        (a_pack(hours({"mon": ["09:00-21:00"]}, "closed")), "data.holidays.calendar", "TEST.RULE closes"),
        (a_pack(owing(), calendar="XX"), "data.holidays.calendar", "library knows"),
        (a_pack(owing(), data={"holidays": {"calendar": False}}), "data.holidays.calendar", "reads NO as false"),
        (
            a_pack(owing(), data={"holidays": {"calendar": "ES", "library": "holidays==0.1"}}),
            "data.holidays.library",
            "not what is installed",
        ),
        (a_pack(owing(**{"except": ["magic"]})), "rules[0].except", "is not one of"),
        (a_pack(owing(), owing()), "rules", "TEST.RULE is there twice"),
        (a_pack(), "rules", "must be 1 to"),
        (a_pack(owing(), version=1), "version", "must be a text"),
        (a_pack(owing(), pack="acuerdo-floor"), "pack", "short name"),
        (a_pack(owing(), jurisdiction={"country": False}), "jurisdiction.country", "must be a text"),
        (a_pack(owing(), clock={"basis": "fixed", "tz": "Mars/Olympus"}), "clock.tz", "is not known here"),
        (a_pack(owing(), vectors=[VECTOR]), "vectors[0].expect.verdict", "is not one of"),
        (a_pack(owing(), vectors={}), "vectors", "must be a list"),
    ],
)
def test_a_pack_that_is_written_wrongly_is_refused_by_pack_rule_and_field(pack: dict[str, Any], field: str, description: str) -> None:
    with pytest.raises(PackIsInvalid) as error:
        pack_store.candidates(document_of(pack))
    assert (error.value.field, description in error.value.description) == (field, True), (error.value.field, error.value.description)
    if field not in ("pack",):
        assert pack["pack"] in error.value.description


def test_the_digest_is_of_what_is_said_and_of_the_days_it_closes_on() -> None:
    def digest(pack: dict[str, Any]) -> bytes:
        return pack_store.candidates(document_of(pack))[0].digest

    assert digest(a_pack(owing())) == digest(a_pack(owing()))
    assert digest(a_pack(owing())) != digest(a_pack(owing(), version="1.1"))
    assert digest(a_pack(owing(), calendar="ES")) != digest(a_pack(owing(), calendar="CO"))


def test_what_a_decision_could_not_carry_is_refused() -> None:
    with pytest.raises(PackIsInvalid) as error:
        pack_store.candidates(document_of(a_pack({**owing(), "cite": "x" * 201})))
    assert error.value.field == "rules[0].cite"
