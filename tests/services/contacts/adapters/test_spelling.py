"""Spelling: the same is written the same, whoever writes it; what cannot be is refused, and what is refused is not repeated."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.contacts.adapters import spelling
from services.contacts.adapters.blind import BlindIndex
from services.contacts.domain.points import LineType
from services.kernel.refusal import IsInvalid


@pytest.mark.parametrize(
    ("text", "country", "e164", "line_type", "zones"),
    [
        ("600 100 200", "ES", "+34600100200", LineType.MOBILE, ("Atlantic/Canary", "Europe/Madrid")),
        ("0034 600-100-200", "ES", "+34600100200", LineType.MOBILE, ("Atlantic/Canary", "Europe/Madrid")),
        ("+34 911.23.45.67", "", "+34911234567", LineType.FIXED, ("Europe/Madrid",)),
        ("(202) 555-0123", "US", "+12025550123", LineType.MOBILE_OR_FIXED, ("America/New_York",)),
        ("+44 7700 900123", "", "+447700900123", LineType.OTHER, ()),
        ("55 1234 5678", "MX", "+525512345678", LineType.MOBILE_OR_FIXED, ("America/Mexico_City",)),
        ("+57 300 1234567", "", "+573001234567", LineType.MOBILE, ("America/Bogota",)),
    ],
)
def test_a_number_is_one_number_however_it_is_dialled(
    text: str, country: str, e164: str, line_type: LineType, zones: tuple[str, ...]
) -> None:
    found = spelling.phone(text, country, "phone")
    assert (found.e164, found.line_type) == (e164, line_type)
    assert set(zones) <= set(found.zones)


@pytest.mark.parametrize(
    ("text", "country"), [("600100200", ""), ("12", "ES"), ("+34 1", ""), ("not a number", "ES"), ("+34600100200 ext 7", "")]
)
def test_what_is_no_number_is_refused_without_being_repeated(text: str, country: str) -> None:
    with pytest.raises(IsInvalid) as refused:
        spelling.phone(text, country, "points[2].phone")
    assert refused.value.field == "points[2].phone"
    assert text not in str(refused.value.facts)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Marta@Example.ORG", "marta@example.org"),
        ("  marta.perez+x@example.org ", "marta.perez+x@example.org"),
        ("marta@BÜCHER.example", "marta@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_written_in_one_way(text: str, written: str) -> None:
    assert spelling.email(text, "email") == written


@pytest.mark.parametrize(
    "text", ["marta", "marta@", "@example.org", "a b@example.org", "a@b", "a@-b.org", "a@b..org", "a@b.org,c@d.org", "x" * 250 + "@b.org"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(IsInvalid):
        spelling.email(text, "email")


@given(st.text(max_size=60))
@example("𝓐na")
def test_spelling_twice_is_spelling_once(text: str) -> None:
    for spell in (lambda t: spelling.email(t, "f"), lambda t: spelling.national_id(t, "f"), spelling.postal, spelling.sound):
        try:
            once = spell(text)
        except IsInvalid:
            continue
        assert spell(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Marta Pérez Núñez", "PEREZ NUNEZ, MARTA"),
        ("José  María", "jose maria"),
        ("O'Brien-Smith, Ana", "Ana O Brien Smith"),
    ],
)
def test_two_clerks_write_one_name_alike(one: str, other: str) -> None:
    assert spelling.sound(one) == spelling.sound(other)


def test_a_national_id_is_letters_and_digits() -> None:
    assert spelling.national_id(" 12.345.678-z ", "f") == "12345678Z"
    with pytest.raises(IsInvalid):
        spelling.national_id("-.-1", "f")


@given(st.tuples(st.text(max_size=10), st.text(max_size=10)), st.sampled_from(["PHONE", "EMAIL"]))
def test_the_blind_index_tells_values_tenants_and_kinds_apart(values: tuple[str, str], kind: str) -> None:
    index, other = BlindIndex(b"k" * 32), BlindIndex(b"o" * 32)
    one, two = values
    assert (index.blinded("demo", kind, one) == index.blinded("demo", kind, two)) is (one == two)
    assert index.blinded("demo", kind, one) != index.blinded("other", kind, one)
    assert index.blinded("demo", "PHONE", one) != index.blinded("demo", "EMAIL", one)
    assert index.blinded("demo", kind, one) != other.blinded("demo", kind, one)
