"""The companies that take the money: one small protocol, and who is configured."""

from django.conf import settings

from .protocol import CallbackRefused, Gateway, ProviderUnreachable, VerifiedEvent
from .sandbox import SandboxGateway

__all__ = ["CallbackRefused", "Gateway", "ProviderUnreachable", "VerifiedEvent", "get_gateway"]

GATEWAYS = {"sandbox": SandboxGateway}


def get_gateway(provider: str | None = None) -> Gateway:
    """Return the gateway of a provider, or of the one that takes new payments. :raises KeyError: nobody wrote it"""
    return GATEWAYS[provider or settings.PAYMENT_PROVIDERS[0]]()
