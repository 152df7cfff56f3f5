"""The forms of the counter's rules; what may be decided stands in `redemption.rules`."""

from typing import Any

from django import forms

from bacao.redemption import rules
from bacao.web.merchant.forms import HundredthsField, both
from bacao.web.templatetags.bacao import t

COUNT = {"inputmode": "numeric"}


class LimitsForm(forms.Form):
    """How much one phone may serve without network; `limits` = what was read."""

    alone = forms.BooleanField(label=both("没网也能核销", "Serve without network"), required=False)
    items = forms.IntegerField(
        label=both("最多几次", "Uses at most"),
        required=False,
        widget=forms.NumberInput(attrs=COUNT),
        help_text=both("平时 50，最高 200", "Usually 50; 200 at most"),
    )
    total_minor = HundredthsField(
        label=both("一共最多（元）", "Worth together (¥)"),
        required=False,
        help_text=both("平时 1500，最高 6000", "Usually 1,500; 6,000 at most"),
    )
    item_minor = HundredthsField(
        label=both("单张最多（元）", "One use at most (¥)"),
        required=False,
        help_text=both(
            "平时 100，最高 1000。这台手机专管的券不受这一条限制",
            "Usually 100; 1,000 at most. Vouchers kept for this phone alone are exempt from this line",
        ),
    )
    hours = forms.IntegerField(
        label=both("断网后几小时内", "Hours after the last contact"),
        required=False,
        widget=forms.NumberInput(attrs=COUNT),
        help_text=both("平时 24，最高 24", "Usually 24, which is the most"),
    )

    limits: rules.Limits

    def clean(self) -> dict[str, Any]:
        """Read the limits; an empty field means what is usual, and without the switch nothing is served alone."""
        values = dict(self.cleaned_data)
        if self.errors:
            return values
        usual = rules.DEFAULT
        read = {name: values[name] if values[name] is not None else getattr(usual, name) for name in usual.__slots__}
        if values["alone"] and read["items"] == 0:
            self.add_error("items", t("至少 1 次；都不要就关掉开关。", "At least 1; for none, switch it off."))
            return values
        self.limits = rules.Limits(**read if values["alone"] else {**read, "items": 0})
        try:
            rules.check_limits(self.limits)
        except rules.LimitsRefused as refused:
            for name, text in refused.errors.items():
                self.add_error(name, t(*text))
        return values


class OfferPolicyForm(forms.Form):
    """What an offer asks at the counter."""

    asks_member = forms.BooleanField(label=both("客人先确认，再核销", "The guest confirms first"), required=False)
    at_stand = forms.BooleanField(label=both("可以扫立牌自助核销", "Guests may use the printed stand"), required=False)
