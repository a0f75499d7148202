"""Named examples that the tests of policies speak of: packs of a rule or two, and people with a history."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import yaml

from services.contacts.adapters import pack_store
from services.contacts.domain.policy.pack import PackInForce
from services.kernel import ids


def an_id(name: object) -> UUID:
    return ids.derived("policy-test", name)


def a_rule(primitive: str, rule_id: str = "TEST.RULE", effect: str = "prohibit", **params: Any) -> dict[str, Any]:
    more = {name: params.pop(name) for name in ("channels", "exclude", "except", "override_grounds") if name in params}
    return {
        "id": rule_id,
        "primitive": primitive,
        "effect": effect,
        "basis": "house_policy",
        "cite": "a test",
        "channels": ["any"],
        "params": params,
        **more,
    }


def a_pack(*rules: dict[str, Any], pack: str = "a-pack", calendar: str | None = None, **said: Any) -> dict[str, Any]:
    said.pop("library", None)
    return {
        "pack": pack,
        "version": "1.0",
        "status": "in_force",
        "valid": {"from": "2000-01-01", "to": None},
        "jurisdiction": {"country": "any"},
        "data": {"tzdata": "2026.6", "holidays": {"calendar": calendar}},
        "clock": {"basis": "consumer_location", "ambiguous": "intersect_all", "unknown": "deny"},
        "rules": list(rules),
        **said,
    }


def pack_of(*rules: dict[str, Any], **said: Any) -> PackInForce:
    candidate = pack_store.candidate(json.dumps(a_pack(*rules, **said), sort_keys=True).encode())
    return PackInForce(candidate.pack, candidate.digest)


def document_of(*packs: dict[str, Any]) -> bytes:
    return yaml.safe_dump({"schema": "contact-policy/1", "packs": list(packs)}).encode()
