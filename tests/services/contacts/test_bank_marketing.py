"""A real campaign of a bank, replayed as permit requests: under a cap of seven for each person, exactly the excess is denied."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from services.contacts.domain import identity, noting, packs, permit_uses, permitting
from services.contacts.domain.casefile import CaseFile, TermsNoted
from services.contacts.domain.channels import Channel, Purpose
from services.contacts.domain.identity import Registration
from services.contacts.domain.packs import Candidate, RulePacks
from services.contacts.domain.permitting import PermitAsked, Policies
from services.contacts.domain.person import Person
from services.kernel import ids
from services.kernel.facts import Causation
from services.kernel.sealed import Sealed
from tests.services.contacts.policy.examples import a_rule, an_id, pack_of

ROOT = Path(__file__).parents[3]
KEPT, SHARED = ROOT / "tests" / "data" / "bank_marketing", ROOT.parent / "shared" / "data" / "bank_marketing"
NAMES = ("bank-full.csv", "bank-additional-full.csv")
CAP = 7
NOON = datetime(2008, 5, 5, 12, tzinfo=UTC)
CASE = an_id("the case")
THE_CAP = pack_of(a_rule("count_limit", unit="attempt", key=["person", "campaign"], max=CAP, window={"kind": "ever"}, channels=["call"]))


def contacts_of(path: Path) -> Iterator[int]:
    """Of each client in the campaign."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    for row in csv.DictReader(text.splitlines(), delimiter=";"):
        yield int(row["campaign"])


def the_packs() -> RulePacks:
    rules = RulePacks.blank(an_id("packs"))
    rules.now = rules.happened_at = NOON
    packs.publish(rules, Candidate(THE_CAP.pack, THE_CAP.digest, b"{}", (), 1, ()))
    packs.activate(rules, THE_CAP.pack.id, THE_CAP.pack.version, None, False, "", lambda _: THE_CAP.pack)
    return rules


def the_file() -> CaseFile:
    file = CaseFile.blank(an_id("file"))
    file.now = file.happened_at = NOON
    noting.note_case(
        file, Causation(CASE, 1), an_id("bank"), an_id("deposits"), "ref", TermsNoted(date.min, "PT", "Europe/Lisbon", "PT"), "EUR"
    )
    return file


def denied(contacts: int, rules: RulePacks, file: CaseFile, client: int) -> int:
    """Of so many contacts that the bank made with one client, how many would not have been permitted."""
    person = Person.blank(ids.derived("client", client))
    person.now = person.happened_at = NOON
    identity.register(person, Registration(Sealed(person.id, 1, b"n" * 12, b"c"), None, "CREDITOR_FILE", True))
    file.parties = {person.id: "DEBTOR"}
    policies = Policies(lambda _: THE_CAP.pack)
    for number in range(contacts):
        person.now = person.happened_at = NOON + timedelta(days=number)
        asked = PermitAsked(ids.derived(person.id, number), CASE, Channel.CALL, Purpose.SERVICE, campaign="2008")
        permitting.request(person, rules, file, asked, policies)
        permit_uses.use(person, asked.permit_id, ids.derived("attempt", person.id, number))
    return sum(not permitting.is_granted(person, permit) for permit in person.permits.answers)


def replay(path: Path) -> tuple[int, int]:
    """(denied, in excess of the cap)."""
    rules, file = the_packs(), the_file()
    rules.pending_events.clear()
    found = excess = 0
    for client, contacts in enumerate(contacts_of(path)):
        found += denied(contacts, rules, file, client)
        excess += max(0, contacts - CAP)
    return found, excess


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_beyond_seven_contacts_of_a_client_is_denied_and_nothing_else(name: str) -> None:
    found, excess = replay(KEPT / name)
    assert found == excess > 0


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_the_whole_campaign_is_denied_in_the_excess_that_its_source_counts(name: str) -> None:
    path = SHARED / f"{name}.gz"
    if not path.exists():
        pytest.skip("the whole files are not here")
    counts = re.search(r"([\d,]+) refused in the full file, ([\d,]+) in the additional file", (SHARED / "SOURCE.txt").read_text())
    assert counts is not None
    found, excess = replay(path)
    assert found == excess == int(counts[NAMES.index(name) + 1].replace(",", ""))
