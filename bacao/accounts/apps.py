from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "bacao.accounts"
    label = "accounts"
