from django.apps import AppConfig


class RedemptionConfig(AppConfig):
    name = "bacao.redemption"
    label = "redemption"
