"""Questions and small commands: what is asked of the services, and what a person or a program reads."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1 import log_pb2 as log
from acuerdo.common.v1 import operations_pb2 as operations
from acuerdo.common.v1.types_pb2 import Money
from acuerdo.strategy.v1 import service_pb2 as strategy
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from clients.audit.contracts import contracts_of
from clients.audit.history_file import read_history
from clients.cli.endpoints import SERVICES
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices
from tests.clients.histories import STREAM, a_history, stamp

CASE = str(STREAM)
PORTFOLIO = "019340c1-3a5e-7f0e-9d5b-000000000001"
CLIENT = "019340c1-3a5e-7f0e-9d5b-000000000003"
DAY = Date(year=2005, month=6, day=30)
LATER = stamp(datetime(2006, 1, 1, tzinfo=UTC))
NOW = stamp(datetime(2005, 7, 15, tzinfo=UTC))


def eur(minor_units: int) -> Money:
    return Money(currency_code="EUR", minor_units=minor_units)


def found(*ids: str) -> cases.ListCasesResponse:
    return cases.ListCasesResponse(
        cases=[cases.CaseSummary(case_id=id, portfolio_id=PORTFOLIO, external_ref="R-1", bucket="2", balance=eur(1050)) for id in ids]
    )


# A case ----------------------------------------------------------------------------------------------------------------


def test_a_case_is_shown_as_of_a_day_and_as_known_at_an_instant(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    case = cases.Case(case_id=CASE, external_ref="R-1", bucket="2", balance=eur(1234567), lifecycle=types.LIFECYCLE_OPEN, cycles_past_due=2)
    services.answers["GetCase"] = cases.GetCaseResponse(case=case, as_of=DAY, as_known_at=NOW)
    ran = acuerdo("case", "show", CASE, "--as-of", "2005-06-30", "--as-known-at", "2005-07-15T02:00:00+02:00")
    (asked,) = services.requests("GetCase")
    assert asked.as_of == DAY
    assert asked.as_known_at == NOW
    assert "EUR 12,345.67" in ran.out
    assert "2005-06-30" in ran.out


def test_a_case_is_found_by_the_reference_of_the_client(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ListCases"] = found(CASE)
    services.answers["GetCase"] = cases.GetCaseResponse()
    assert acuerdo("case", "show", "R-1").exit_code == 0
    assert services.requests("ListCases")[0].external_ref == "R-1"
    assert services.requests("GetCase")[0].case_id == CASE


def test_a_reference_that_nobody_has_is_not_found(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ListCases"] = found()
    assert acuerdo("case", "timeline", "R-1").exit_code == 3


def test_a_reference_that_two_clients_use_needs_more_words(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ListCases"] = found(CASE, CLIENT)
    ran = acuerdo("case", "explain", "R-1")
    assert ran.exit_code == 2
    assert CASE in ran.err
    assert CLIENT in ran.err


def test_a_timeline_is_read_to_its_last_page(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    def page(request: cases.GetTimelineRequest) -> cases.GetTimelineResponse:
        number = int(request.page_token or 0) + 1
        row = cases.TimelineRow(version=number, type="BucketChanged", bucket=str(number), balance=eur(5), occurred_at=NOW, recorded_at=NOW)
        return cases.GetTimelineResponse(rows=[row], next_page_token=str(number) if number < 3 else "")

    services.answers["GetTimeline"] = page
    ran = acuerdo("case", "timeline", CASE, "--json")
    assert [row["version"] for row in ran.json["rows"]] == ["1", "2", "3"]
    assert "cambio de tramo" in acuerdo("case", "timeline", CASE, "--lang", "es").out


def test_a_list_stops_at_its_limit(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    def page(request: cases.ListCasesRequest) -> cases.ListCasesResponse:
        answer = found(*[CASE] * request.page_size)
        answer.next_page_token = "more"
        return answer

    services.answers["ListCases"] = page
    ran = acuerdo("case", "list", "--bucket", "2", "--limit", 250, "--json")
    assert len(ran.json["cases"]) == 250
    assert [request.page_size for request in services.requests("ListCases")] == [200, 50]


def test_an_explanation_is_one_sentence_and_its_grounds(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    ground = cases.BucketGround(version=6, type="ArrearsReported", says="2 cycles as of 2005-06-30", occurred_at=NOW, recorded_at=NOW)
    services.answers["ExplainBucket"] = cases.ExplainBucketResponse(
        bucket="2", as_of=DAY, as_known_at=NOW, sentence="In bucket 2: two cycles past due.", grounds=[ground]
    )
    ran = acuerdo("case", "explain", CASE)
    assert "In bucket 2: two cycles past due." in ran.out
    assert "2 cycles as of 2005-06-30" in ran.out


def test_an_export_holds_what_the_service_claims(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    """One fact is told while we read: it belongs to a later export."""
    records = list(a_history().records)
    claimed = hashlib.sha256(records[-2].event).digest()
    services.answers["VerifyStream"] = log.VerifyStreamResponse(intact=True, version=len(records) - 1, head_hash=claimed)
    services.answers["Head"] = log.HeadResponse(head=log.Head(epoch=1, position=4711, complete_through=LATER))
    services.answers["Replay"] = [log.ReplayResponse(records=records[:3]), log.ReplayResponse(records=records[3:])]
    ran = acuerdo("case", "export", CASE, started / "history.acuerdo", "--json")
    assert ran.exit_code == 0, ran.err
    history = read_history(started / "history.acuerdo")
    assert history.records == records[:-1]
    assert history.header.head_hash == claimed
    assert (history.header.log_epoch, history.header.log_position, history.header.versions) == (1, 4711, len(records) - 1)
    assert history.contracts == contracts_of(CaseEvent)
    assert acuerdo("audit", "verify", started / "history.acuerdo").exit_code == 0


def test_a_case_without_history_is_not_exported(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["VerifyStream"] = log.VerifyStreamResponse(intact=True)
    services.answers["Head"] = log.HeadResponse(head=log.Head(complete_through=NOW))
    services.answers["Replay"] = []
    assert acuerdo("case", "export", CASE, started / "history.acuerdo").exit_code == 3
    assert not (started / "history.acuerdo").exists()


# Clients and portfolios ------------------------------------------------------------------------------------------------


def test_a_client_registered_twice_is_asked_for_under_one_id(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["RegisterClient"] = cases.RegisterClientResponse(client_id=CLIENT)
    assert [acuerdo("client", "register", "C-1", "A bank").out for _ in range(2)] == [f"{CLIENT}\n"] * 2
    first, second = services.requests("RegisterClient")
    assert first == second


OPEN = ("portfolio", "open", CLIENT, "P-1", "Cards", "--currency", "TWD", "--zone", "Asia/Taipei", "--country", "TW")


def test_a_portfolio_is_opened_on_the_usual_buckets(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["OpenPortfolio"] = cases.OpenPortfolioResponse(portfolio_id=PORTFOLIO)
    assert acuerdo(*OPEN, "--unit", "cycles", "--delinquency", "creditor").out == f"{PORTFOLIO}\n"
    (asked,) = services.requests("OpenPortfolio")
    assert [bucket.name for bucket in asked.terms.bucket_set.buckets] == ["current", "1", "2", "3", "4+"]
    assert not asked.terms.bucket_set.buckets[0].HasField("from")
    assert not asked.terms.bucket_set.buckets[-1].HasField("to")
    assert asked.terms.delinquency_authority == types.AUTHORITY_CREDITOR
    assert asked.terms.balance_authority == types.AUTHORITY_OURS


@pytest.mark.parametrize("buckets", ["", "current", "current=0", "a=1..2,,b=3..", "a=x..2"])
def test_buckets_that_are_not_said_as_a_list_are_an_error_of_the_command(
    started: Path, services: FakeServices, acuerdo: Acuerdo, buckets: str
) -> None:
    services.answers["OpenPortfolio"] = cases.OpenPortfolioResponse(portfolio_id=PORTFOLIO)
    assert acuerdo(*OPEN, f"--buckets={buckets}").exit_code == 2
    assert services.asked == []


def test_a_report_is_shown_under_the_name_of_its_portfolio(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    rows = [cases.AgingRow(bucket="current", count=9, balance=eur(100)), cases.AgingRow(bucket="1", count=1, balance=eur(250))]
    services.answers["GetAgingReport"] = cases.GetAgingReportResponse(rows=rows, position=7)
    services.answers["GetPortfolio"] = cases.GetPortfolioResponse(portfolio=cases.Portfolio(name="Cards"))
    ran = acuerdo("portfolio", "report", PORTFOLIO, "--as-of", "2005-06-30", "--basis", "reported")
    assert "Cards · 2005-06-30" in ran.out
    (asked,) = services.requests("GetAgingReport")
    assert asked.basis == cases.BASIS_REPORTED
    assert not asked.HasField("since")
    assert acuerdo("portfolio", "report", PORTFOLIO, "--as-of", "2005-06-30", "--json").json["rows"][0]["count"] == 9


# The running of it -----------------------------------------------------------------------------------------------------


def test_parked_facts_of_every_service_are_listed(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    parked = operations.ParkedFact(
        follower="reactions", source="cases", key=CASE, position=3, type="acuerdo.cases.v1.CaseOpened", reason="X"
    )
    services.answers["ListParked"] = operations.ListParkedResponse(parked=[parked])
    ran = acuerdo("parked", "list", "--json")
    assert set(ran.json) == set(SERVICES)
    assert "CaseOpened" in acuerdo("parked", "list").out


def test_a_retry_is_a_new_request_each_time(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["RetryParked"] = operations.RetryParkedResponse(flagged=2)
    assert acuerdo("parked", "retry", "--service", "strategy").out == "strategy: 2\n"
    acuerdo("parked", "retry", "--service", "strategy")
    first, second = services.requests("RetryParked")
    assert first.request_id != second.request_id


def test_the_clocks_step_through_what_falls_due_on_the_way(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    due = stamp(datetime(2005, 7, 20, tzinfo=UTC))
    state: dict[str, Any] = {"now": NOW}

    def clock(request: object) -> operations.GetClockResponse:
        answer = operations.GetClockResponse(now=state["now"], is_development=True, is_quiet=True)
        if state["now"].seconds < due.seconds:
            answer.next_due_at.CopyFrom(due)
        return answer

    def advance(request: operations.AdvanceClockRequest) -> operations.AdvanceClockResponse:
        state["now"] = Timestamp(seconds=request.to.seconds)
        return operations.AdvanceClockResponse(now=request.to)

    services.answers |= {"GetClock": clock, "AdvanceClock": advance}
    # One server plays all services: each listens to the others, and has heard all there is.
    services.answers["ListFollowers"] = operations.ListFollowersResponse(
        followers=[operations.FollowerState(follower="reactions", source=source) for source in SERVICES]
    )
    services.answers["Head"] = log.HeadResponse(head=log.Head(position=1))
    ran = acuerdo("clock", "advance", "--days", 10, "--json")
    assert ran.exit_code == 0, ran.err
    steps = [request.to.ToDatetime(UTC).day for request in services.requests("AdvanceClock")]
    assert steps == [20] * len(SERVICES) + [25] * len(SERVICES)
    assert "2005-07-25 00:00" in acuerdo("clock", "show").out


def test_a_table_is_published_and_activated(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["PublishSegmentTable"] = strategy.PublishSegmentTableResponse(version=3)
    services.answers["ActivateSegmentTable"] = strategy.ActivateSegmentTableResponse()
    (started / "table.json").write_text('{"nodes": []}')
    assert acuerdo("segments", "publish", "table.json", "--activate", "--json").json == {"version": 3, "is_active": True}
    assert services.requests("PublishSegmentTable")[0].table == b'{"nodes": []}'
    assert services.requests("ActivateSegmentTable")[0].version == 3
    assert acuerdo("segments", "publish", "nothing.json").exit_code == 2


def test_the_table_in_force_is_shown(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetSegmentTable"] = strategy.GetSegmentTableResponse(
        version=1, name="by bucket", table=b'{"nodes": []}', is_active=True
    )
    ran = acuerdo("segments", "show")
    assert "by bucket" in ran.out
    assert '"nodes"' in ran.out
