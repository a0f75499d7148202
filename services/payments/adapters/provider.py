"""The payment provider: opens its checkout for a payment of ours, and reads what it tells by webhook."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal, Protocol
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.kernel.money import Money
from services.payments.adapters import signature

ANSWER_SECONDS_MAX = 5.0
ANSWER_BYTES_MAX = 16 * 1024

RealSeconds = Callable[[], int]
"""Port: Unix seconds of real time, for signatures."""


class ProviderIsAway(Exception):
    """The provider gave no answer that can be used: the payment stays under way, and may be tried again with the same reference."""


class EventIsMalformed(Exception):
    """What came with a good signature is not what was agreed on."""


@dataclass(frozen=True, slots=True)
class Order:
    """A payment to be made. `reference` is our payment id: asked twice, the provider opens one checkout."""

    reference: UUID
    amount: Money
    return_url: str
    at: datetime
    """Business time."""


class Provider(Protocol):
    """Port."""

    @property
    def name(self) -> str: ...

    async def checkout(self, order: Order) -> str:
        """The address where the debtor pays. Raises ProviderIsAway."""

    def read(self, body: bytes, header: str) -> ProviderEvent:
        """What a webhook says. Raises SignatureIsWrong, EventIsMalformed."""

    async def close(self) -> None: ...


# What it tells ------------------------------------------------------------------------------------------------------------


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


class EventAmount(_Strict):
    currency_code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    minor_units: Annotated[int, Field(gt=0, le=10**15)]

    @property
    def money(self) -> Money:
        return Money(self.currency_code, self.minor_units)


class ProviderEvent(_Strict):
    """One event. `id` is the provider's, the same in each delivery; `provider_ref` its name for the movement of money."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    type: Literal["payment.succeeded", "payment.failed", "payment.returned"]
    reference: Annotated[UUID, Field(strict=False)]
    provider_ref: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{4,64}$")]
    amount: EventAmount
    value_date: Annotated[date, Field(strict=False)]
    cause: Annotated[str, Field(pattern=r"^([A-Z][A-Z0-9_]{0,63})?$")] = ""


# The way there ------------------------------------------------------------------------------------------------------------


class _Opened(_Strict):
    url: Annotated[str, Field(pattern=r"^https?://[^\s<>\"']{1,500}$")]


class SignedProvider:
    """A provider that speaks our signed JSON: the sandbox in dev/, or a gateway in front of a real one."""

    def __init__(self, name: str, url: str, secret: bytes, now: RealSeconds) -> None:
        self.name = name
        self._url, self._secret, self._now = url.rstrip("/"), secret, now
        self._client = httpx.AsyncClient(timeout=ANSWER_SECONDS_MAX, follow_redirects=False)

    async def checkout(self, order: Order) -> str:
        body = json.dumps(
            {
                "reference": str(order.reference),
                "amount": {"currency_code": order.amount.currency_code, "minor_units": order.amount.minor_units},
                "return_url": order.return_url,
                "at": order.at.isoformat(),
            }
        ).encode()
        headers = {"content-type": "application/json", signature.HEADER: signature.sign(self._secret, body, self._now())}
        try:
            answer = await self._client.post(f"{self._url}/v1/checkouts", content=body, headers=headers)
        except httpx.HTTPError as error:
            raise ProviderIsAway(type(error).__name__) from error
        if answer.status_code != httpx.codes.OK or len(answer.content) > ANSWER_BYTES_MAX:
            raise ProviderIsAway(f"status {answer.status_code}")
        try:
            return _Opened.model_validate_json(answer.content).url
        except ValidationError as error:
            raise ProviderIsAway("answer is malformed") from error

    def read(self, body: bytes, header: str) -> ProviderEvent:
        signature.verify(self._secret, body, header, self._now())
        try:
            return ProviderEvent.model_validate_json(body)
        except ValidationError as error:
            raise EventIsMalformed from error

    async def close(self) -> None:
        await self._client.aclose()
