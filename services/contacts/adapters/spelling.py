"""Spelling: one way of writing each telephone number, e-mail address, national id and name, so that the same is found to be the same."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from services.contacts.domain.points import LineType
from services.kernel.refusal import IsInvalid

EMAIL_MAX = 254
ZONES_MAX = 50

_EMAIL = re.compile(r"[^\s@<>()\",;:\\\[\]]{1,64}@[^\s@]+")
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_UNKNOWN_ZONE = "Etc/Unknown"
_SPACES = re.compile(r"\s+")
_NOT_OF_AN_ID = re.compile(r"[^0-9A-Z]")
_NOT_OF_A_NAME = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number and what its numbering plan says of it."""

    e164: str
    line_type: LineType
    country: str
    """Empty where several countries share the plan and the number does not say which."""
    zones: tuple[str, ...]


def phone(text: str, country: str, field: str) -> Phone:
    """E.164, or as it is dialled in `country`. IsInvalid where it cannot be a number; that nobody has it does not matter."""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        raise IsInvalid(field, "is not a telephone number" if country else "is not a telephone number with its country's code") from None
    if not phonenumbers.is_possible_number(number) or number.extension is not None:
        raise IsInvalid(field, "is not a telephone number")
    zones = tuple(zone for zone in time_zones_for_number(number) if zone != _UNKNOWN_ZONE)
    return Phone(
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        LINE_TYPES.get(phonenumbers.number_type(number), LineType.OTHER),
        phonenumbers.region_code_for_number(number) or "",
        # A number that may be anywhere in a large country says nothing of where somebody is.
        zones if len(zones) <= ZONES_MAX else (),
    )


def email(text: str, field: str) -> str:
    """Lower case, the host as the name system writes it. Providers take no heed of case, whatever the standard allows."""
    stripped = text.strip()
    if len(stripped) > EMAIL_MAX or not _EMAIL.fullmatch(stripped):
        raise IsInvalid(field, "is not an e-mail address")
    local, _, host = stripped.rpartition("@")
    try:
        ascii_host = host.lower().encode("idna").decode()
    except UnicodeError:
        raise IsInvalid(field, "has a host that is no domain name") from None
    if not _HOST.fullmatch(ascii_host):
        raise IsInvalid(field, "has a host that is no domain name")
    return f"{local.lower()}@{ascii_host}"


def postal(text: str) -> str:
    return _SPACES.sub(" ", text.strip())


def account(text: str, field: str) -> str:
    application, separator, handle = text.strip().partition(":")
    if not (application and separator and handle.strip()):
        raise IsInvalid(field, "names an application and a handle: whatsapp:+34600000000")
    return f"{application.strip().lower()}:{handle.strip()}"


def national_id(text: str, field: str) -> str:
    """Letters and digits, upper case: dots, dashes and spaces are a matter of taste."""
    written = _NOT_OF_AN_ID.sub("", text.upper())
    if len(written) < 4:
        raise IsInvalid(field, "has too few letters and digits")
    return written


def name(text: str, field: str) -> str:
    written = _SPACES.sub(" ", text.strip())
    if not any(character.isalpha() for character in written):
        raise IsInvalid(field, "is not a name")
    return written


def sound(text: str) -> str:
    """A name as two clerks would write it alike: no accents, no case, words in alphabetical order."""
    # Twice: a letter of another style has no lower case until it is taken apart, and what is taken apart may have one.
    plain = text
    for _ in range(2):
        plain = unicodedata.normalize("NFKD", plain.casefold())
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(sorted(_NOT_OF_A_NAME.sub(" ", bare).split()))


LINE_TYPES = {
    PhoneNumberType.MOBILE: LineType.MOBILE,
    PhoneNumberType.FIXED_LINE: LineType.FIXED,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: LineType.MOBILE_OR_FIXED,
}
