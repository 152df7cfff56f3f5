from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "bacao.sandbox"
    label = "sandbox"
