"""Fields of the offer form that hold more than one number: tiers, days, and who an offer is for."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from bacao.offers.rules.screen import KEY_NAMES
from bacao.web.templatetags.bacao import say, t

_PARTS = re.compile(r"[,，;；、\s]+")
_TIER = re.compile(r"满?\s*(\d+(?:\.\d{1,2})?)\s*(?:-|减|:)\s*(\d+(?:\.\d{1,2})?)")


class TiersField(forms.CharField):
    """Tiers typed as `50-5, 100-15`, or as people say them; kept as [[minimum, off], ...] in minor units."""

    def to_python(self, value: Any) -> Any:
        """Return the tiers. :raises ValidationError: a part is no tier"""
        tiers = []
        for part in filter(None, _PARTS.split(value or "")):
            match = _TIER.fullmatch(part)
            if not match:
                raise forms.ValidationError(
                    t("每一档写成 100-15：满 100 减 15。", "Write each tier as 100-15: 15 off from 100.")
                )
            try:
                tiers.append([int(Decimal(number) * 100) for number in match.groups()])
            except InvalidOperation as error:  # the pattern lets only numbers through
                raise AssertionError from error
        return tiers

    def prepare_value(self, value: Any) -> Any:
        """Return tiers as they are typed."""
        if not isinstance(value, list | tuple):
            return value
        return ", ".join(f"{least / 100:g}-{off / 100:g}" for least, off in value)


class DatesField(forms.CharField):
    """Days typed as `2027-02-14`, several with spaces or commas between them."""

    def to_python(self, value: Any) -> Any:
        """Return the days. :raises ValidationError: a part is no date"""
        try:
            return [date.fromisoformat(part) for part in filter(None, _PARTS.split(value or ""))]
        except ValueError:
            raise forms.ValidationError(t("日期写成 2027-02-14。", "Write dates like 2027-02-14.")) from None

    def prepare_value(self, value: Any) -> Any:
        """Return days as they are typed."""
        return " ".join(str(day) for day in value) if isinstance(value, list | tuple) else value


class AudienceField(forms.MultipleChoiceField):
    """Who an offer is for: any of some keys that owners know by name; none chosen = everyone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=lambda: [(key, say(name)) for key, name in KEY_NAMES.items()],
            widget=forms.CheckboxSelectMultiple,
            required=False,
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        """Return the keys as any-of lists of one key each."""
        return [[key] for key in super().clean(value)]

    def prepare_value(self, value: Any) -> Any:
        """Return the keys that are chosen."""
        return [key[0] if isinstance(key, list) else key for key in value or []]


def is_plain_audience(any_of: Any) -> bool:
    """Return whether owners can choose this audience on the form."""
    return all(len(keys) == 1 and keys[0] in KEY_NAMES for keys in any_of or [])


class WordsField(forms.CharField):
    """A few words with commas between them, kept as a list."""

    def to_python(self, value: Any) -> Any:
        """Return the words."""
        return [word for part in re.split(r"[,，;；、]", value or "") if (word := part.strip())]

    def prepare_value(self, value: Any) -> Any:
        """Return words as they are typed."""
        return "、".join(value) if isinstance(value, list | tuple) else value
