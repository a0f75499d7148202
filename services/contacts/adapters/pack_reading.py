"""Packs out of YAML and back into themselves: schema contact-policy/1, read strictly. What is stored is canonical JSON of one pack."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

import yaml

from services.contacts.adapters import holiday_dates
from services.contacts.adapters.pack_fields import Fields, PackIsInvalid
from services.contacts.adapters.pack_params import PARAMS
from services.contacts.domain.policy.exceptions import EXCEPTED, EXCLUDED
from services.contacts.domain.policy.floor import FLOOR_ID
from services.contacts.domain.policy.pack import FROM_ADDRESS, Clock, Holidays, Pack, Rule
from services.contacts.domain.policy.terms import CHANNELS, Basis, Effect

SCHEMA = "contact-policy/1"
DOCUMENT_BYTES_MAX = 200_000
PACK_BYTES_MAX = 48_000
RULES_MAX = 50
CITE_CHARACTERS_MAX = 200
"""Every rule may be among the reasons of one decision, and an event has its measure."""
READ_MAX = 256
"""Packs kept read."""
OVERRIDE_GROUNDS = (
    "required_by_law",
    "active_litigation",
    "requested_information",
    "dropped_call_completion",
    "avoid_negative_effect_outside_control",
)
_ID = re.compile(r"[a-z][a-z0-9-]{1,39}")
_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){0,3}")
_RULE_ID = re.compile(r"[A-Z][A-Z0-9_.]{2,59}")
_COUNTRY = re.compile(r"[A-Z]{2}")


class _Strict(yaml.SafeLoader):
    """As YAML's safe loader, but a name given twice is an error, and dates stay as they are written."""


def _mapping(loader: _Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise PackIsInvalid(str(key), f"line {node.start_mark.line + 1}: is said twice")
    return {key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)}


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def packs_of(document: bytes) -> dict[str, bytes]:
    """Each pack of a YAML document as canonical JSON, by its id. PackIsInvalid naming pack, rule and field."""
    if len(document) > DOCUMENT_BYTES_MAX:
        raise PackIsInvalid("document", f"must not exceed {DOCUMENT_BYTES_MAX} bytes")
    try:
        said = yaml.load(document, Loader=_Strict)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as broken:
        raise PackIsInvalid("document", "is no YAML: " + str(broken).splitlines()[0][:200]) from broken
    fields = Fields(said, "")
    fields.one_of("schema", (SCHEMA,))
    found: dict[str, bytes] = {}
    for place, one in enumerate(fields.listed("packs")):
        content = json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_day).encode()
        if len(content) > PACK_BYTES_MAX:
            raise PackIsInvalid(f"packs[{place}]", f"must not exceed {PACK_BYTES_MAX} bytes")
        pack = read(content)
        if pack.id in found:
            raise PackIsInvalid(f"packs[{place}].pack", f"{pack.id} is there twice")
        found[pack.id] = content
    fields.nothing_else()
    if not found:
        raise PackIsInvalid("packs", "is empty")
    return found


def _day(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise PackIsInvalid("document", f"{type(value).__name__} is nothing that a pack can say")


def digest_of(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


@lru_cache(maxsize=READ_MAX)
def read(content: bytes) -> Pack:
    """The pack of these bytes, without the dates of its holidays (`with_holidays`)."""
    fields = Fields(json.loads(content), "")
    fields.pack = pack_id = fields.text("pack")
    if not _ID.fullmatch(pack_id) or pack_id == FLOOR_ID:
        fields.refuse("pack", "must be a short name in lower case (es-house)")
    version = fields.text("version")
    if not _VERSION.fullmatch(version):
        fields.refuse("version", "must be numbers and dots, in quotes where it has one dot or none (2026.11.0)")
    valid, place = fields.inner("valid"), fields.inner("jurisdiction")
    holidays, tzdata = _data(fields.inner("data"))
    modes, last_mode, pacing = _pacing(fields)
    pack = Pack(
        id=pack_id,
        version=version,
        status=fields.one_of("status", ("draft", "in_force", "retired")),
        valid_from=valid.day("from"),
        valid_to=valid.day_or_none("to"),
        country=_country(place),
        subdivision=place.text("subdivision", ""),
        applies_when=_applies_when(fields),
        stacks_on=fields.texts("stacks_on", default=()),
        clock=_clock(fields),
        rules=tuple(fields.many("rules", lambda one: _rule(one, pack_id))),
        holidays=holidays,
        tzdata=tzdata,
        sources=tuple(fields.many("sources", _source, [])),
        modes=modes,
        last_call_mode=last_mode,
        pacing=pacing,
    )
    valid.nothing_else()
    place.nothing_else()
    if fields.has("vectors"):
        fields.listed("vectors")
    fields.text("title", "")
    fields.nothing_else()
    _check_whole(fields, pack)
    return pack


def vectors_of(content: bytes) -> list[Any]:
    """The test vectors as written; vector_reading reads them."""
    said: list[Any] = json.loads(content).get("vectors", [])
    return said


def _check_whole(fields: Fields, pack: Pack) -> None:
    if not 1 <= len(pack.rules) <= RULES_MAX:
        fields.refuse("rules", f"must be 1 to {RULES_MAX}")
    ids = [rule.id for rule in pack.rules]
    twice = next((rule_id for rule_id in ids if ids.count(rule_id) > 1), "")
    if twice:
        fields.refuse("rules", f"{twice} is there twice")
    closes = [rule.id for rule in pack.rules if rule.params.get("holidays") == "closed"]
    if closes and pack.holidays is None:
        fields.refuse("data.holidays.calendar", f"is missing, and {closes[0]} closes on holidays")


def _country(place: Fields) -> str:
    country = place.text("country")
    if country != "any" and not _COUNTRY.fullmatch(country):
        place.refuse("country", "must be an ISO 3166-1 code in quotes, or any")
    return country


def _applies_when(fields: Fields) -> Mapping[str, frozenset[str]]:
    said = fields.take("applies_when") if fields.has("applies_when") else {}
    found = Fields(said, "applies_when", fields.pack)
    wanted: dict[str, frozenset[str]] = {}
    for name in ("collector", "debtor", "debt"):
        if found.has(name):
            value = found.take(name)
            found._left[name] = [value] if isinstance(value, str) else value
            wanted[name] = frozenset(found.texts(name))
    found.nothing_else()
    return wanted


def _clock(fields: Fields) -> Clock:
    clock = fields.inner("clock")
    basis = clock.one_of("basis", ("consumer_location", "fixed"))
    clock.one_of("week", ("iso",), "iso")
    clock.one_of("date_basis", ("consumer_location_strictest",), "consumer_location_strictest")
    zone = ""
    unknown: tuple[str, ...] = ()
    if basis == "fixed":
        zone = clock.one_of("tz", available_timezones())
    else:
        clock.one_of("ambiguous", ("intersect_all",))
        said = clock.take("unknown")
        if said != "deny":
            clock._left["unknown"] = said
            unknown = clock.texts("unknown", available_timezones())
    clock.nothing_else()
    return Clock(zone, unknown)


def _data(data: Fields) -> tuple[Holidays | None, str]:
    """The calendar that the pack names, without dates yet."""
    tzdata, found = data.text("tzdata", ""), None
    if data.has("holidays"):
        said = data.inner("holidays")
        calendar = said.take("calendar")
        said.text("note", "")
        if calendar is not None:
            known = holiday_dates.countries()
            if not isinstance(calendar, str) or calendar not in known:
                said.refuse("calendar", "must be a country that the library knows, in quotes (YAML reads NO as false)")
            subdivision = said.one_of("subdivision", ("", FROM_ADDRESS, *known[calendar]), "")
            strict = said.one_of("unknown_subdivision", ("national", "any"), "national") == "any"
            wanted, has = said.text("library", ""), holiday_dates.library_version()
            if wanted and wanted != has:
                said.refuse("library", f"{wanted} is not what is installed here ({has})")
            found = Holidays(calendar, subdivision, has, 0, -1, {}, strict)
        said.nothing_else()
    data.nothing_else()
    return found, tzdata


def _pacing(fields: Fields) -> tuple[tuple[str, ...], str, Mapping[str, Any]]:
    if not fields.has("pacing"):
        return (), "", {}
    pacing = fields.inner("pacing")
    modes = pacing.texts("modes", ("preview", "progressive", "ratio", "predictive"))
    last = pacing.text("last_allowed_call_mode", "")
    abandonment = pacing.take("abandonment") if pacing.has("abandonment") else {}
    pacing.nothing_else()
    return modes, last, abandonment if isinstance(abandonment, Mapping) else {}


def _source(source: Fields) -> Mapping[str, str]:
    return {name: str(source._left[name]) for name in sorted(source._left)}


def _rule(fields: Fields, pack_id: str) -> Rule:
    fields.pack, fields.rule = pack_id, str(fields._left.get("id", ""))
    rule_id = fields.text("id")
    if not _RULE_ID.fullmatch(rule_id):
        fields.refuse("id", "must be in capitals, digits, dots and underscores (ES.HOUSE.TIME)")
    primitive, cite = fields.one_of("primitive", PARAMS), fields.text("cite")
    if len(cite) > CITE_CHARACTERS_MAX:
        fields.refuse("cite", f"must not exceed {CITE_CHARACTERS_MAX} characters")
    params = fields.inner("params")
    fields.one_of("at", ("send_time",), "send_time")
    rule = Rule(
        id=rule_id,
        primitive=primitive,
        effect=Effect[fields.one_of("effect", [effect.name.lower() for effect in Effect]).upper()],
        basis=Basis[fields.one_of("basis", [basis.name.lower() for basis in Basis]).upper()],
        cite=cite,
        channels=frozenset(_channels(fields)),
        params=PARAMS[primitive](params),
        excluded=fields.texts("exclude", EXCLUDED, ()),
        excepted=fields.texts("except", EXCEPTED, ()),
        override_grounds=fields.texts("override_grounds", OVERRIDE_GROUNDS, ()),
        confidence=fields.text("confidence", ""),
        open_question=fields.text("open_question", ""),
    )
    params.nothing_else()
    fields.nothing_else()
    return rule


def _channels(fields: Fields) -> list[str]:
    """`visit` is a contact in person."""
    said = fields.texts("channels", ("any", "visit", *CHANNELS))
    if not said:
        fields.refuse("channels", "names none")
    return ["in_person" if channel == "visit" else channel for channel in said]
