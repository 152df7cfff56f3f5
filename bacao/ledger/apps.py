from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "bacao.ledger"
    label = "ledger"
