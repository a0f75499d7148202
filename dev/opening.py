"""Before the first case: what a centre decides by itself. Contact law, waterfall, texts, strategy, and where payments come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as contact_words
from acuerdo.payments.v1 import payments_pb2 as payments
from acuerdo.payments.v1 import receipts_pb2 as receipts
from acuerdo.strategy.v1 import service_pb2 as segments
from acuerdo.strategy.v1 import strategies_pb2 as strategies

from clients.cli.connection import Doors

PACK = "tw-house"
STRATEGY = "listen-first.v1.yaml"
WATERFALL = "es_legal.yaml"
REVIEWED = "sample-portfolio"
"""Who has looked at the pack: nobody but us, since nobody is contacted."""
PROVIDER = "sandbox"
COBROS_COLUMNS = {"case_ref": "external_ref", "value_date": "paid_on", "amount": "payment", "provider_ref": "receipt"}
COBROS = {
    "columns": COBROS_COLUMNS,
    "currency": "TWD",
    "decimal": ".",
    "date_format": "%Y-%m-%d",
    "delimiter": ",",
}


@dataclass(frozen=True, slots=True)
class Sources:
    """Payment source ids: the creditor's file of what it received, and the provider behind our links."""

    creditor: str
    provider: str

    @property
    def all(self) -> tuple[str, str]:
        return self.creditor, self.provider


async def publish_segments(doors: Doors, data: Path) -> None:
    published = await doors.strategy.PublishSegmentTable(
        segments.PublishSegmentTableRequest(request_id="play/segments", name="Cards", table=(data / "segments.json").read_bytes())
    )
    await doors.strategy.ActivateSegmentTable(segments.ActivateSegmentTableRequest(request_id="play/segments", version=published.version))


async def publish_strategy(doors: Doors, data: Path) -> None:
    document = (data / "strategies" / STRATEGY).read_bytes()
    published = await doors.strategy.PublishStrategy(strategies.PublishStrategyRequest(request_id="play/strategy", document=document))
    await doors.strategy.ActivateStrategy(strategies.ActivateStrategyRequest(request_id="play/strategy", version=published.version))


async def publish_pack(doors: Doors, data: Path) -> None:
    """Contact law as data: every vector of the pack is run before it is taken."""
    document = (data / "packs" / f"{PACK}.yaml").read_bytes()
    published = await doors.permits.PublishPack(permits.PublishPackRequest(request_id="play/pack", document=document))
    [pack] = published.packs
    await doors.permits.ActivatePack(
        permits.ActivatePackRequest(request_id="play/pack", pack_id=pack.ref.pack_id, version=pack.ref.version, review_ref=REVIEWED)
    )


async def approve_templates(doors: Doors, second_eyes: Doors, data: Path) -> None:
    """Drafted by one, approved by another."""
    for file in sorted((data / "templates").glob("*.yaml")):
        said: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        said["channel"] = contact_words.Channel.Value(f"CHANNEL_{said['channel']}")
        said["purpose"] = contact_words.Purpose.Value(f"PURPOSE_{said['purpose']}")
        drafted = await doors.messages.DraftTemplate(messages.DraftTemplateRequest(request_id=f"play/{file.stem}", **said))
        await second_eyes.messages.ApproveTemplate(
            messages.ApproveTemplateRequest(request_id=f"play/{file.stem}", name=said["name"], version=drafted.version)
        )


async def open_sources(doors: Doors, client_id: str, zone: str, data: Path) -> Sources:
    """The creditor's cobros and the provider of our links; and in which order a payment is spread."""
    creditor = await doors.payments.RegisterPaymentSource(
        payments.RegisterPaymentSourceRequest(
            request_id="play/source/creditor",
            external_ref="cobros",
            name="What the creditor received",
            kind=receipts.SOURCE_KIND_CREDITOR_FILE,
            zone=zone,
            client_id=client_id,
        )
    )
    provider = await doors.payments.RegisterPaymentSource(
        payments.RegisterPaymentSourceRequest(
            request_id="play/source/provider",
            external_ref=PROVIDER,
            name="Sandbox provider",
            kind=receipts.SOURCE_KIND_PSP,
            zone=zone,
        )
    )
    await doors.payments.PublishCobrosMapping(
        payments.PublishCobrosMappingRequest(
            request_id="play/mapping", source_id=creditor.source_id, mapping=yaml.safe_dump(COBROS).encode()
        )
    )
    waterfall = await doors.payments.PublishWaterfall(
        payments.PublishWaterfallRequest(request_id="play/waterfall", document=(data / "waterfalls" / WATERFALL).read_bytes())
    )
    await doors.payments.ActivateWaterfall(
        payments.ActivateWaterfallRequest(request_id="play/waterfall", version=waterfall.version, client_id=client_id)
    )
    return Sources(creditor.source_id, provider.source_id)


async def name_portfolio(doors: Doors, sources: Sources, portfolio_id: str) -> None:
    """What a source tells is evidence for the portfolios that it names, and for no other."""
    for source_id in sources.all:
        await doors.payments.ChangeSourcePortfolios(
            payments.ChangeSourcePortfoliosRequest(request_id=f"play/{source_id}", source_id=source_id, portfolio_ids=[portfolio_id])
        )
