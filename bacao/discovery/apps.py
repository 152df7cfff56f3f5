from django.apps import AppConfig


class DiscoveryConfig(AppConfig):
    name = "bacao.discovery"
    label = "discovery"
