from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class SandboxConfig(AppConfig):
    name = "bacao.sandbox"
    label = "sandbox"

    def ready(self) -> None:
        """Refuse to start beside a live provider: nobody may get real vouchers for play money."""
        check_alone(settings.PAYMENT_PROVIDERS)


def check_alone(providers: list[str]) -> None:
    """Accept a list of providers in which the sandbox stands alone or not at all. :raises ImproperlyConfigured:"""
    if "sandbox" in providers and len(providers) > 1:
        raise ImproperlyConfigured(
            f"BACAO_PAYMENT_PROVIDERS={','.join(providers)}: the sandbox does not run beside a live provider"
        )
