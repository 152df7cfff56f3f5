from django.apps import AppConfig


class OffersConfig(AppConfig):
    name = "bacao.offers"
    label = "offers"
