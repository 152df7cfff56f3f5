"""Reads of the sandbox's own books."""

from bacao.sandbox.models import SandboxNotice, SandboxPayment


def get_payment(payment_id: str) -> SandboxPayment:
    """Return a payment by its number. :raises SandboxPayment.DoesNotExist:"""
    return SandboxPayment.objects.get(pk=payment_id)


def list_notices(payment_id: str) -> list[SandboxNotice]:
    """Return the callbacks of a payment, oldest first."""
    return list(SandboxNotice.objects.filter(payment=payment_id).order_by("created_at", "pk"))
