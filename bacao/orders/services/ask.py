"""Asking the provider when it says nothing by itself (GW5)."""

from datetime import datetime
from uuid import UUID

from bacao.orders.gateways import get_gateway
from bacao.orders.models import Payment

from .pay import apply_payment_news


def ask_provider(*, payment_id: UUID, close: bool = False, at: datetime) -> str:
    """Ask how a payment stands, or end it if it was not made, and do what the answer asks for.

    No transaction is open while the provider is spoken to. Only jobs call this.

    :returns: as `apply_payment_news`
    :raises ProviderUnreachable: nothing was changed
    """
    payment = Payment.objects.select_related("order").get(pk=payment_id)
    gateway = get_gateway(payment.provider)
    news = gateway.close(payment.order, at) if close else gateway.query(payment.order, at)
    Payment.objects.filter(pk=payment_id).update(queried_at=at)
    return apply_payment_news(provider=payment.provider, news=news, at=at)
