"""What an owner's forms are made of, and the form of the shop itself: amounts in yuan, shares in percent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import get_language

from bacao.kit.hours import check_hours
from bacao.kit.text import Refused
from bacao.web.templatetags.bacao import t

both = lazy(t, str)
"""A label in the language of the page, chosen when it is shown."""


class HundredthsField(forms.DecimalField):
    """Two decimals on the page, an integer of hundredths behind it: yuan to fen, percent to basis points."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=9, decimal_places=2, min_value=0, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "step": "any"}

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        return None if number is None else int(number * 100)

    def prepare_value(self, value: Any) -> Any:
        return f"{Decimal(value) / 100:f}".removesuffix(".00") if isinstance(value, int) else value


def moment_field(**kwargs: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(widget=widget, required=False, **kwargs)


def count_field(**kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(widget=forms.NumberInput(attrs={"inputmode": "numeric"}), required=False, **kwargs)


class ShopForm(forms.Form):
    """What a shop says of itself, and when it is open."""

    name_zh = forms.CharField(label=both("店名", "Name (Chinese)"), max_length=120, required=False)
    name_en = forms.CharField(label=both("英文店名", "Name (English)"), max_length=160, required=False)
    about_zh = forms.CharField(
        label=both("两句话介绍", "About (Chinese)"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    about_en = forms.CharField(
        label=both("英文介绍", "About (English)"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    phone = forms.CharField(
        label=both("电话", "Phone"), max_length=60, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    usual_minor = HundredthsField(
        label=both("人均（元）", "Usual amount a head (¥)"),
        required=False,
        help_text=both("折扣和满减按它算“此刻多少钱”", "Percentages are shown as prices with it"),
    )
    hours = forms.CharField(label=both("营业时间", "Opening hours"), max_length=400, required=False)

    def clean_hours(self) -> str:
        """Accept what can be read. :raises ValidationError: saying from which character on it cannot"""
        hours = str(self.cleaned_data["hours"]).strip()
        if hours:
            try:
                check_hours(hours)
            except Refused as refused:
                raise forms.ValidationError(refused.text.say(get_language() or "zh-hans")) from None
        return hours

    def clean(self) -> dict[str, Any]:
        """A shop has a name in one language at least."""
        values: Mapping[str, Any] = self.cleaned_data
        if not values.get("name_zh") and not values.get("name_en"):
            self.add_error("name_zh", t("店名不能空着。", "The shop needs a name."))
        return dict(values)
