"""Identity of a call: nothing is answered without a valid token and a role that the method's rule admits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

import structlog
from acuerdo.common.v1.access_pb2 import Role
from google.protobuf.message import Message

from services.chassis.identity.access import Rule
from services.chassis.identity.principal import NotAuthenticated, NotPermitted, Principal
from services.chassis.identity.tokens import Tokens
from services.chassis.rpc.call import Call
from services.chassis.rpc.validation import RequestIsInvalid, Violation
from services.chassis.telemetry.metrics import TOKENS_REFUSED

_NOT_ON_RECORD = nullcontext()

_log = structlog.get_logger("identity")


class Identity:
    def __init__(self, tokens: Tokens, rules: Mapping[str, Rule]) -> None:
        self._tokens, self._rules = tokens, rules

    async def admitted(self, call: Call) -> AbstractContextManager[None]:
        """The caller is known, and may call this; stand inside what is returned: a sensitive call is put on record with what came of it."""
        try:
            call.who = await self._tokens.principal(_bearer(call))
            rule = self._rules.get(call.method)
            if rule is None:
                raise NotPermitted("METHOD_HAS_NO_RULE")
            rule.admit(call.who)
        except (NotAuthenticated, NotPermitted) as refused:
            TOKENS_REFUSED.add(1, {"reason": refused.reason})
            _log.warning("call_refused", method=call.method, reason=refused.reason, **_described(call.who))
            raise
        return _on_record(call) if rule.is_sensitive else _NOT_ON_RECORD

    def check(self, call: Call, request: Message) -> None:
        """A person who reads personal data says why. The method itself records the reading on the stream."""
        if self._rules[call.method].reads_personal_data and call.principal.is_person and not getattr(request, "purpose", ""):
            raise RequestIsInvalid([Violation("purpose", "required", "a person who reads personal data says why")])


@contextmanager
def _on_record(call: Call) -> Iterator[None]:
    outcome = "interrupted"
    try:
        yield
        outcome = "ok"
    except Exception as failed:
        outcome = type(failed).__name__
        raise
    finally:
        _log.info("sensitive_call", method=call.method, outcome=outcome, is_sensitive=True, **_described(call.who))


def _bearer(call: Call) -> str:
    given = call.given("authorization")
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
