"""The forms an owner fills in: amounts in yuan, shares in percent, everything else as it is kept."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import get_language

from bacao.kit.hours import check_hours
from bacao.kit.text import Refused, Text
from bacao.offers.rules import FIELDS, PACKAGE, TermsRefused, check_terms
from bacao.web.merchant.terms_fields import AudienceField, DatesField, TiersField
from bacao.web.templatetags.bacao import t

both = lazy(t, str)
"""A label in the language of the page, chosen when it is shown."""

KIND_NAMES = {
    "package": Text("团购套餐", "Package deal"),
    "voucher": Text("代金券", "Cash voucher"),
    "percent_off": Text("折扣", "Percent off"),
    "threshold_off": Text("满减", "Fixed amount off"),
    "card": Text("次卡", "Multi-use card"),
    "member": Text("会员价", "Members' price"),
    "time_slot": Text("时段价", "Off-peak price"),
    "subsidy": Text("补贴", "Subsidy"),
}
OFFERED = tuple(kind for kind in KIND_NAMES if kind != "subsidy")
"""What an owner writes; a subsidy is agreed with whoever pays it."""
TOGETHER, ONE_DISCOUNT = ["together"], "discount"
"""What offers that may stand together are tagged with, and the group of which a bill takes one."""
AGREED = {
    "price_minor", "list_minor", "face_minor", "percent_basis_points", "cap_minor", "threshold_minor", "uses", "items",
    "stock", "per_person", "sale_until", "tiers", "target_minor", "units_per_bill", "audience_any", "stack_tags",
}  # fmt: skip
"""What whoever shares a discount agreed to: when one of these changes, the shop funds it alone until agreed again."""


UNASKED = (
    "per_order", "rank", "audience_none", "threshold_on_running", "excluded_categories", "list_only", "per_slot",
    "budget_minor", "step_minor", "max_times", "use_from", "use_until",
)  # fmt: skip
"""Terms that are agreed elsewhere."""
REQUIRED = {
    "package": ("title_zh", "price_minor"),
    "voucher": ("title_zh", "price_minor", "face_minor"),
    "percent_off": ("title_zh", "percent_basis_points"),
    "threshold_off": ("title_zh",),
    "member": ("title_zh", "percent_basis_points"),
    "time_slot": ("title_zh", "percent_basis_points", "weekly_hours"),
    "subsidy": ("title_zh",),
    "card": ("title_zh", "uses", "price_minor", "list_minor"),
}


PERIOD_NAMES = {
    "ever": Text("一共", "in all"),
    "day": Text("每天", "each day"),
    "week": Text("每周", "each week"),
    "month": Text("每月", "each month"),
}


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


def _moment(**kwargs: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(widget=widget, required=False, **kwargs)


def _count(**kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(widget=forms.NumberInput(attrs={"inputmode": "numeric"}), required=False, **kwargs)


class ItemForm(forms.Form):
    """One line of a package; a line without a name is left out."""

    zh = forms.CharField(label=both("名称", "Name (Chinese)"), max_length=40, required=False)
    en = forms.CharField(label=both("英文名", "Name (English)"), max_length=60, required=False)
    quantity = forms.IntegerField(label=both("份数", "Units"), initial=1, min_value=1, max_value=99, required=False)
    unit_minor = HundredthsField(label=both("单价", "Each"), required=False)


ItemFormSet = forms.formset_factory(ItemForm, extra=2, max_num=20)


class OfferForm(forms.Form):
    """The terms of one kind of offer. `terms` holds them, checked, once it is valid.

    `kept` = terms that an edit leaves as they are because the form does not ask for them.
    """

    title_zh = forms.CharField(label=both("名字", "Name (Chinese)"), max_length=60, required=False)
    title_en = forms.CharField(label=both("英文名", "Name (English)"), max_length=80, required=False)
    price_minor = HundredthsField(label=both("售价（元）", "Price (¥)"), required=False)
    list_minor = HundredthsField(label=both("原价（元）", "List price (¥)"), required=False)
    face_minor = HundredthsField(label=both("面值（元）", "Worth (¥)"), required=False)
    percent_basis_points = HundredthsField(
        label=both("减百分之几", "Percent off"),
        required=False,
        help_text=both("九折写 10，八五折写 15", "10 means a tenth off"),
    )
    threshold_minor = HundredthsField(
        label=both("账单满多少可用（元）", "From a bill of (¥)"),
        required=False,
        help_text=both("不设门槛就留空", "Empty = any bill"),
    )
    cap_minor = HundredthsField(
        label=both("最多减多少（元）", "At most (¥)"), required=False, help_text=both("不封顶就留空", "Empty = no cap")
    )
    uses = _count(label=both("几次", "Uses"))
    party_size = _count(label=both("几个人的量", "Feeds how many"))
    cost_minor = HundredthsField(
        label=both("你的成本（元）", "What it costs you (¥)"),
        required=False,
        help_text=both("只给你自己算毛利，谁也看不到", "Only for your own margin; nobody else sees it"),
    )
    stock = _count(
        label=both("总共卖多少份", "Units for sale"),
        help_text=both("留空 = 不限；0 = 没有了", "Empty = no limit; 0 = none left"),
    )
    per_person = _count(label=both("每人限购", "Limit a person"), help_text=both("留空 = 不限", "Empty = no limit"))
    valid_days = _count(label=both("买后几天内有效", "Days it can be used after buying"))
    sale_from = _moment(label=both("开始售卖", "On sale from"))
    sale_until = _moment(label=both("停止售卖", "On sale until"))
    weekly_hours = forms.CharField(
        label=both("哪些时段能用", "Hours it can be used"),
        max_length=200,
        required=False,
        help_text=both(
            "留空 = 营业就能用。例：Mo-Fr 11:00-14:00; PH off（工作日午市，法定假日不算，调休上班日算）",
            "Empty = whenever the shop is open. Mo-Fr 11:00-14:00; PH off = lunch on working days, make-up ones too",
        ),
    )
    terms_zh = forms.CharField(
        label=both("使用说明", "Small print (Chinese)"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    terms_en = forms.CharField(
        label=both("使用说明（英文）", "Small print (English)"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    only_here = forms.BooleanField(label=both("别处没有，只在拔草", "Only here, nowhere else"), required=False)
    tiers = TiersField(
        label=both("分几档减", "Several tiers"),
        required=False,
        help_text=both(
            "例：100-15, 200-40；写了它，上面两格就留空", "100-15, 200-40; leave the two fields above empty then"
        ),
    )
    units_per_bill = _count(label=both("一单最多用几张", "Vouchers on one bill"))
    audience_any = AudienceField(label=both("给谁用（都不选 = 所有人）", "Who it is for (none = everyone)"))
    party_min = _count(label=both("至少几个人", "At least how many people"))
    party_max = _count(label=both("最多几个人", "At most how many people"))
    per_day = _count(label=both("每天多少份", "Units a day"), help_text=both("留空 = 不限", "Empty = no limit"))
    person_period = forms.ChoiceField(
        label=both("每人限购按什么算", "The personal limit counts"),
        choices=lambda: [(code, t(*text)) for code, text in PERIOD_NAMES.items()],
        required=False,
    )
    blackout_dates = DatesField(
        label=both("哪些天不能用", "Days it cannot be used"),
        required=False,
        help_text=both("例：2027-02-14 2027-05-01", "2027-02-14 2027-05-01"),
    )
    together = forms.BooleanField(
        label=both("能和店里其他同享的优惠一起用", "May be used together with others that allow it"), required=False
    )

    def __init__(
        self, *args: Any, kind: str, at: datetime, kept: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.at, self.kept = kind, at, dict(kept or {})
        self.terms: dict[str, Any] = {}
        for name in list(self.fields):
            known = name in FIELDS[kind] or name == "together"
            if not known or name in self.kept or (name == "party_size" and kind != PACKAGE):
                del self.fields[name]
        for name in REQUIRED[kind]:
            self.fields[name].required = True
        if kind == "threshold_off":
            self.fields["face_minor"].label = both("减多少（元）", "Takes off (¥)")
        if kind in ("percent_off", "threshold_off"):
            self.fields["cost_minor"].help_text = both(
                "按例子里的账单算，谁也看不到", "Of the example's bill; nobody sees it"
            )
        if kind == PACKAGE:
            self.fields["list_minor"].help_text = both(
                "上面写了单品，就是它们的合计", "With items above it is their sum"
            )
        self.items = ItemFormSet(self.data or None, initial=self.initial.get("items"), prefix="items")
        for name in self.errors.keys() & self.fields.keys():
            self.fields[name].widget.attrs["aria-invalid"] = "true"

    def clean(self) -> dict[str, Any]:
        """Check the terms as a whole; what is wrong stands beside its field."""
        values = dict(self.cleaned_data)
        if self.kind == PACKAGE:
            values["items"] = self._read_items()
        if "together" in self.fields:
            tags = TOGETHER if values.pop("together", False) else []
            is_discount = bool(tags) and self.kind in ("percent_off", "threshold_off")
            values |= {"stack_tags": tags, "stack_accepts": tags, "group": ONE_DISCOUNT if is_discount else ""}
        values["person_period"] = values.get("person_period") or None
        if values.get("tiers"):
            values |= {"threshold_minor": None, "face_minor": None}
        try:
            self.terms = check_terms(self.kind, {**self.kept, **values}, at=self.at)
        except TermsRefused as refused:
            for name, text in refused.errors.items():
                if name in self.fields and name not in self.errors:
                    self.add_error(name, t(*text))
                elif name not in self.fields:
                    self.add_error(None, t(*text))
        return values

    def _read_items(self) -> list[dict[str, Any]]:
        rows = ItemFormSet(self.data, prefix="items")
        if not rows.is_valid():
            self.add_error(None, t("套餐里有一行没写对。", "One line of the package is not right."))
            return []
        return [
            {"zh": row["zh"], "en": row["en"], "quantity": row["quantity"] or 1, "unit_minor": row["unit_minor"] or 0}
            for row in rows.cleaned_data
            if row.get("zh")
        ]


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
