"""Access rules: read from the methods' options at start. A served method without a rule refuses to start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from acuerdo.common.v1 import access_pb2
from acuerdo.common.v1.access_pb2 import Role
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from services.chassis.identity.principal import NotPermitted, Principal
from services.chassis.runtime import StartRefused


class MethodHasNoRule(StartRefused):
    """A served method says nothing about who may call it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call one method."""

    required_role: frozenset[Role]
    is_sensitive: bool
    reads_personal_data: bool

    def admit(self, principal: Principal) -> None:
        if not self.required_role & principal.roles:
            raise NotPermitted("ROLE_IS_MISSING", required=",".join(sorted(Role.Name(role) for role in self.required_role)))


def rule_of(method: MethodDescriptor) -> Rule:
    """The method's rule; MethodHasNoRule where there is none, or one that names no role or a broken one."""
    # The generated stub does not say whose extension it is.
    access: access_pb2.Access = method.GetOptions().Extensions[cast(Any, access_pb2.access)]
    required = frozenset(access.required_role)
    if not required or Role.ROLE_UNSPECIFIED in required:
        raise MethodHasNoRule(method.full_name)
    return Rule(required, access.sensitive, access.reads_personal_data)


def rules_of(services: Iterable[ServiceDescriptor]) -> Mapping[str, Rule]:
    """Rules by gRPC path: /acuerdo.cases.v1.Cases/GetCase."""
    return {f"/{service.full_name}/{method.name}": rule_of(method) for service in services for method in service.methods}
