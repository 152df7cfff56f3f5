from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "bacao.kit"
    label = "kit"
