from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class OrdersConfig(AppConfig):
    name = "bacao.orders"
    label = "orders"

    def ready(self) -> None:
        """Refuse to start with a payment provider that nobody wrote."""
        from bacao.orders.gateways import GATEWAYS

        for provider in settings.PAYMENT_PROVIDERS:
            if provider not in GATEWAYS:
                raise ImproperlyConfigured(f"BACAO_PAYMENT_PROVIDERS: there is no provider {provider!r}")
