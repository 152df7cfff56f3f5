from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "bacao.reviews"
    label = "reviews"
