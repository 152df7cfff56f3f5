"""The forms of the counter's rules; what may be decided stands in `redemption.rules`."""

from typing import Any

from django import forms

from bacao.kit.text import Text
from bacao.redemption import rules
from bacao.web.merchant.forms import HundredthsField, both, count_field
from bacao.web.templatetags.bacao import t


def _range(name: str, in_yuan: bool = False) -> Text:
    """Say what is usual and what is the most."""
    usual, most = (getattr(limits, name) // (100 if in_yuan else 1) for limits in (rules.DEFAULT, rules.MOST))
    return Text(f"平时 {usual}，最高 {most}", f"Usually {usual:,}; {most:,} at most")


class LimitsForm(forms.Form):
    """How much one phone may serve without network; `limits` = what was read."""

    alone = forms.BooleanField(label=both("没网也能核销", "Serve without network"), required=False)
    items = count_field(label=both("最多几次", "Uses at most"), help_text=both(*_range("items")))
    total_minor = HundredthsField(
        label=both("一共最多（元）", "Worth together (¥)"),
        required=False,
        help_text=both(*_range("total_minor", in_yuan=True)),
    )
    item_minor = HundredthsField(
        label=both("单张最多（元）", "One use at most (¥)"),
        required=False,
        help_text=both(
            f"{_range('item_minor', in_yuan=True).zh}。这台手机专管的券不受这一条限制",
            f"{_range('item_minor', in_yuan=True).en}. Vouchers kept for this phone alone are exempt",
        ),
    )
    hours = count_field(label=both("断网后几小时内", "Hours after the last contact"), help_text=both(*_range("hours")))

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
    typed_alone = forms.BooleanField(label=both("没网也能输号码", "Typed digits do without network"), required=False)
