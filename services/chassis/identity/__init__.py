"""Identity: who calls, what they may call, and what of it they may see. Told by a signed token, never by the request."""

from services.chassis.identity.principal import ALL_TENANTS, NotAuthenticated, NotPermitted, Principal, Scope

__all__ = ["ALL_TENANTS", "NotAuthenticated", "NotPermitted", "Principal", "Scope"]
