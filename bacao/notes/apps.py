from django.apps import AppConfig


class NotesConfig(AppConfig):
    name = "bacao.notes"
    label = "notes"
