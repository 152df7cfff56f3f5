from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "bacao.web"
    label = "web"
