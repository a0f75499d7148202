"""The identity interceptor: nothing is answered without a valid token and a role that the method's rule admits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from acuerdo.common.v1.access_pb2 import Role
from google.protobuf.message import Message

from services.chassis.identity.access import Rule
from services.chassis.identity.principal import NotAuthenticated, NotPermitted, Principal
from services.chassis.identity.tokens import Tokens
from services.chassis.rpc.around import Around, Call, Context
from services.chassis.rpc.validation import RequestIsInvalid, Violation
from services.chassis.telemetry.metrics import TOKENS_REFUSED

_log = structlog.get_logger("identity")


class Identity(Around):
    def __init__(self, tokens: Tokens, rules: Mapping[str, Rule]) -> None:
        super().__init__()
        self._tokens, self._rules = tokens, rules

    def around(self, call: Call) -> AbstractAsyncContextManager[None]:
        return self._identified(call)

    @asynccontextmanager
    async def _identified(self, call: Call) -> AsyncIterator[None]:
        try:
            call.who = await self._tokens.principal(_bearer(call.context))
            rule = self._rules.get(call.method)
            if rule is None:
                raise NotPermitted("METHOD_HAS_NO_RULE")
            rule.admit(call.who)
        except (NotAuthenticated, NotPermitted) as refused:
            TOKENS_REFUSED.add(1, {"reason": refused.reason})
            _log.warning("call_refused", method=call.method, reason=refused.reason, **_described(call.who))
            raise
        if not rule.is_sensitive:
            yield
            return
        outcome = "interrupted"
        try:
            yield
            outcome = "ok"
        except Exception as failed:
            outcome = type(failed).__name__
            raise
        finally:
            _log.info("sensitive_call", method=call.method, outcome=outcome, is_sensitive=True, **_described(call.who))

    def check(self, call: Call, request: Message) -> None:
        """A person who reads personal data says why. The method itself records the reading on the stream."""
        if self._rules[call.method].reads_personal_data and call.principal.is_person and not getattr(request, "purpose", ""):
            raise RequestIsInvalid([Violation("purpose", "required", "a person who reads personal data says why")])


def _bearer(context: Context) -> str:
    given = [value for name, value in context.invocation_metadata() or () if name == "authorization"]
    if len(given) != 1 or not isinstance(given[0], str):
        raise NotAuthenticated("TOKEN_IS_MISSING")
    scheme, _, token = given[0].partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("TOKEN_IS_MISSING")
    return token.strip()


def _described(who: Principal | None) -> dict[str, object]:
    if who is None:
        return {}
    return {"tenant_id": who.tenant_id, "subject": who.subject, "roles": sorted(Role.Name(role) for role in who.roles)}
