"""Django's admin, furnished as Bacao's desk."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Replaces the admin's own site by the desk and opens every chapter's drawers."""

    default_site = "bacao.web.desk.site.DeskSite"

    def ready(self) -> None:
        """Name every table in both languages, then register what operators work with."""
        from bacao.web.desk import words

        words.name_everything()
        super().ready()
        from bacao.web.desk import admin  # noqa: F401  # importing registers
