"""Synthetic identities for a portfolio that has none: `python -m dev.identities data/uci/remesa.csv OUT.csv`.

Nobody is meant, and every one says so: the name says that it is made up, the e-mail address is of a domain that belongs to nobody
(RFC 2606), the telephone number is one of those that no subscriber gets (NANP 555-0100 to 555-0199), the national id is of a country
code that no country has. The same reference gives the same person, for ever.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

COLUMNS = (
    *("name", "birth_date", "national_id", "national_id_kind", "national_id_country", "phone", "email"),
    *("country", "zone", "language", "is_synthetic"),
)
EMAIL_HOST = "example.org"
AREA_CODES_FROM, NUMBERS_PER_AREA_CODE = 201, 100
AREA_CODES = tuple(code for code in range(AREA_CODES_FROM, 1000) if code % 100 != 11)
"""All that may be one; those ending in 11 are services."""
GIVEN = ("Alfa", "Bravo", "Carlota", "Delta", "Eco", "Fado", "Gala", "Hoja", "India", "Junio", "Kilo", "Lima", "Mica", "Nube", "Onda")
FAMILY = ("Ficticio", "Inventada", "Supuesto", "Imaginaria", "Maqueta", "Prueba", "Muestra", "Ensayo")


def identity_of(external_ref: str, *, country: str, zone: str, language: str) -> Mapping[str, str]:
    """The cells of COLUMNS for one debtor. Different references of up to 78,000 numbers give different telephone numbers."""
    digest = hashlib.sha256(external_ref.encode()).digest()
    number = int("".join(filter(str.isdigit, external_ref)) or int.from_bytes(digest[:4], "big")) % (
        len(AREA_CODES) * NUMBERS_PER_AREA_CODE
    )
    area, line = AREA_CODES[number // NUMBERS_PER_AREA_CODE], number % NUMBERS_PER_AREA_CODE
    given, family = GIVEN[digest[4] % len(GIVEN)], FAMILY[digest[5] % len(FAMILY)]
    return {
        "name": f"{given} {family} Synthetic {external_ref}",
        "birth_date": f"{1940 + digest[6] % 60}-{digest[7] % 12 + 1:02}-{digest[8] % 28 + 1:02}",
        "national_id": f"SYNTHETIC{external_ref}",
        "national_id_kind": "SYNTHETIC",
        "national_id_country": "ZZ",
        "phone": f"+1{area}5550{100 + line}",
        "email": f"{external_ref.lower()}.synthetic@{EMAIL_HOST}",
        "country": country,
        "zone": zone,
        "language": language,
        "is_synthetic": "yes",
    }


def with_identities(remesa: Path, *, country: str = "TW", zone: str = "Asia/Taipei", language: str = "es") -> Iterator[list[str]]:
    """The lines of a remesa with the columns of identity in the place of its invented person ids, header first."""
    with remesa.open(newline="", encoding="utf-8-sig") as opened:
        rows = csv.DictReader(opened)
        kept = [name for name in rows.fieldnames or () if name != "person_id"]
        yield [*kept, *COLUMNS]
        for row in rows:
            identity = identity_of(row["external_ref"], country=country, zone=zone, language=language)
            yield [*(row[name] for name in kept), *(identity[name] for name in COLUMNS)]


def write(remesa: Path, out: Path, **where: str) -> int:
    """How many debtors."""
    with out.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        count = -1
        for row in with_identities(remesa, **where):
            writer.writerow(row)
            count += 1
    return count


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(f"{write(Path(sys.argv[1]), Path(sys.argv[2]))} synthetic debtors")
