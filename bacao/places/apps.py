from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "bacao.places"
    label = "places"
