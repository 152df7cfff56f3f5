from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "bacao.orders"
    label = "orders"
