"""The form of an offer: a few fields first, the rest folded by what it is about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django import forms

from bacao.kit.text import Text
from bacao.offers.rules import FIELDS, PACKAGE, TermsRefused, check_terms
from bacao.web.merchant.forms import HundredthsField, both, count_field, moment_field
from bacao.web.merchant.terms_fields import AudienceField, DatesField, TiersField, WordsField
from bacao.web.merchant.use_hours import DAYS, TICKS, hours_of_ticks
from bacao.web.templatetags.bacao import t

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
    "stock", "per_person", "sale_until", "tiers", "step_minor", "max_times", "target_minor", "units_per_bill",
    "audience_any", "stack_tags",
}  # fmt: skip
"""What whoever shares a discount agreed to: when one of these changes, the shop funds it alone until agreed again."""

REQUIRED = {
    "package": ("title_zh", "price_minor"),
    "voucher": ("title_zh", "price_minor", "face_minor"),
    "percent_off": ("title_zh", "percent_basis_points"),
    "threshold_off": ("title_zh",),
    "member": ("title_zh",),
    "time_slot": ("title_zh",),
    "subsidy": ("title_zh",),
    "card": ("title_zh", "uses", "price_minor", "list_minor"),
}
PERIOD_NAMES = {
    "ever": Text("一共", "in all"),
    "day": Text("每天", "each day"),
    "week": Text("每周", "each week"),
    "month": Text("每月", "each month"),
    "rolling": Text("任意几天内", "in any days in a row"),
}
UNASKED = ("per_order", "rank", "audience_none", "threshold_on_running")
"""Terms that are agreed elsewhere."""
ALONE, TOGETHER_TOO = "alone", "together"
OWN_FIELDS = ("beside", "example_bill", "example_party", "example_at")
NOT_TERMS = {*OWN_FIELDS, *TICKS}
"""Fields that are no terms themselves: some become terms, some ask for the example."""
_PERCENT = ("percent_basis_points", "cap_minor", "threshold_minor", "cost_minor")
BASICS: dict[str, tuple[str, ...]] = {
    "package": ("list_minor", "price_minor", "party_size", "cost_minor"),
    "voucher": ("price_minor", "face_minor", "threshold_minor", "cost_minor"),
    "percent_off": _PERCENT,
    "threshold_off": ("threshold_minor", "face_minor", "cost_minor"),
    "card": ("uses", "price_minor", "list_minor", "cost_minor"),
    "member": _PERCENT,
    "time_slot": _PERCENT,
    "subsidy": ("percent_basis_points", "face_minor", "cap_minor", "threshold_minor", "cost_minor"),
}
GROUPS: dict[str, tuple[Text, tuple[str, ...]]] = {
    "steps": (Text("分几档减，或每满都减", "Several tiers, or again and again"), ("tiers", "step_minor", "max_times")),
    "things": (Text("只给某几样东西", "For certain things only"), ("target_minor",)),
    "when": (
        Text("什么时候能用、能买", "When it can be used and bought"),
        ("use_days", "use_start", "use_end", "not_on_holidays", "weekly_hours", "blackout_dates", "use_from",
         "use_until", "sale_from", "sale_until", "valid_days"),
    ),
    "who": (Text("给谁、几个人", "For whom, and how many people"), ("audience_any", "party_min", "party_max")),
    "how_many": (
        Text("一共多少、每人多少", "How many in all, and each person"),
        ("stock", "per_day", "per_slot", "per_person", "person_period", "person_days", "units_per_bill"),
    ),
    "budget": (
        Text("最多让利多少钱", "How much it may give away"),
        ("budget_minor", "budget_day_minor", "budget_week_minor"),
    ),
    "beside": (Text("和别的优惠一起", "Together with others"), ("beside", "list_only", "excluded_categories")),
    "words": (Text("说明", "Small print"), ("terms_zh", "terms_en", "only_here")),
}  # fmt: skip
PLAIN = {"max_times": 1, "valid_days": 90, "party_min": 1, "units_per_bill": 1, "person_period": "ever"}
"""What stands in a field of which nothing particular is said."""


class Group(NamedTuple):
    """Fields of one subject; `filled` = how many of them say something."""

    code: str
    title: Text
    fields: list[forms.BoundField]
    filled: int
    is_open: bool


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
    uses = count_field(label=both("几次", "Uses"))
    party_size = count_field(label=both("几个人的量", "Feeds how many"))
    cost_minor = HundredthsField(
        label=both("你的成本（元）", "What it costs you (¥)"),
        required=False,
        help_text=both("只给你自己算毛利，谁也看不到", "Only for your own margin; nobody else sees it"),
    )
    tiers = TiersField(
        label=both("分几档减", "Several tiers"),
        required=False,
        help_text=both(
            "例：100-15, 200-40；写了它，上面两格就留空", "100-15, 200-40; leave the two fields above empty then"
        ),
    )
    step_minor = HundredthsField(
        label=both("每满多少就减一次（元）", "Again for every (¥)"),
        required=False,
        help_text=both("满 100 减 10，满 200 减 20……写 100", "100: 10 off 100, 20 off 200, and so on"),
    )
    max_times = count_field(label=both("最多减几次", "At most how many times"))
    target_minor = HundredthsField(
        label=both("这几样每份多少元", "Each of these for (¥)"),
        required=False,
        help_text=both("写了它，减百分之几就留空", "Leave the percentage empty then"),
    )
    stock = count_field(
        label=both("总共卖多少份", "Units for sale"),
        help_text=both("留空 = 不限；0 = 没有了", "Empty = no limit; 0 = none left"),
    )
    per_day = count_field(label=both("每天多少份", "Units a day"), help_text=both("留空 = 不限", "Empty = no limit"))
    per_slot = count_field(
        label=both("每个时段几个名额", "Seats each time"), help_text=both("留空 = 不限", "Empty = no limit")
    )
    per_person = count_field(
        label=both("每人限购", "Limit a person"), help_text=both("留空 = 不限", "Empty = no limit")
    )
    person_period = forms.ChoiceField(
        label=both("每人限购按什么算", "The personal limit counts"),
        choices=lambda: [(code, t(*text)) for code, text in PERIOD_NAMES.items()],
        required=False,
    )
    person_days = count_field(
        label=both("几天内", "In how many days"),
        help_text=both("选了“任意几天内”才写：7 = 连着七天里", "For “any days in a row” only: 7 = in any seven days"),
    )
    units_per_bill = count_field(label=both("一单最多用几张", "Vouchers on one bill"))
    budget_minor = HundredthsField(
        label=both("一共最多让利（元）", "Give away in all at most (¥)"),
        required=False,
        help_text=both("减掉的钱到这个数就停；留空 = 不限", "It stops once that much came off; empty = no limit"),
    )
    budget_day_minor = HundredthsField(label=both("每天最多让利（元）", "A day at most (¥)"), required=False)
    budget_week_minor = HundredthsField(label=both("每周最多让利（元）", "A week at most (¥)"), required=False)
    use_days = forms.MultipleChoiceField(
        label=both("星期几能用（都不选 = 每天）", "Days it can be used (none = every day)"),
        choices=lambda: [(code, t(*text)) for code, text in DAYS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    use_start = forms.TimeField(
        label=both("从几点", "From"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    use_end = forms.TimeField(
        label=both("到几点", "Until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=both("过了半夜也这样写：18:00 到 02:00", "Past midnight, too: 18:00 until 02:00"),
    )
    not_on_holidays = forms.BooleanField(label=both("法定节假日不能用", "Not on public holidays"), required=False)
    weekly_hours = forms.CharField(
        label=both("上面写不下的时段", "Hours that do not fit above"),
        max_length=200,
        required=False,
        help_text=both(
            "例：Mo-Fr 11:00-14:00,17:00-20:00; Sa 10:00-12:00；写了它，上面就留空",
            "Mo-Fr 11:00-14:00,17:00-20:00; Sa 10:00-12:00; leave the fields above empty then",
        ),
    )
    blackout_dates = DatesField(
        label=both("哪些天不能用", "Days it cannot be used"),
        required=False,
        help_text=both("例：2027-02-14 2027-05-01", "2027-02-14 2027-05-01"),
    )
    use_from = moment_field(label=both("几号起能用", "Can be used from"))
    use_until = moment_field(label=both("用到几号", "Can be used until"))
    sale_from = moment_field(label=both("开始售卖", "On sale from"))
    sale_until = moment_field(label=both("停止售卖", "On sale until"))
    valid_days = count_field(label=both("买后几天内有效", "Days it can be used after buying"))
    audience_any = AudienceField(label=both("给谁用（都不选 = 所有人）", "Who it is for (none = everyone)"))
    party_min = count_field(label=both("至少几个人", "At least how many people"))
    party_max = count_field(label=both("最多几个人", "At most how many people"))
    beside = forms.ChoiceField(
        label=both("和别的优惠", "Beside other offers"),
        choices=lambda: [
            (ALONE, t("一单只用这一个", "Nothing else on the bill")),
            (TOGETHER_TOO, t("能和店里其他同享的优惠一起用", "May be used together with others that allow it")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    excluded_categories = WordsField(
        label=both("哪些不打折", "What takes no discount"),
        required=False,
        help_text=both("收银单上的分类，例：烟酒、特价菜", "Categories of your till, e.g. alcohol, tobacco"),
    )
    list_only = forms.BooleanField(
        label=both("套餐里的东西不再享别的优惠", "What is in it takes no other discount"), required=False
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
    example_bill = HundredthsField(label=both("账单（元）", "A bill of (¥)"), required=False)
    example_party = count_field(label=both("几个人", "For how many"), min_value=1, max_value=99)
    example_at = moment_field(label=both("什么时候", "When"))

    def __init__(
        self, *args: Any, kind: str, at: datetime, kept: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.at, self.kept = kind, at, dict(kept or {})
        self.terms: dict[str, Any] = {}
        for name in list(self.fields):
            known = name in FIELDS[kind] or name in OWN_FIELDS or (name in TICKS and "weekly_hours" in FIELDS[kind])
            if not known or name in self.kept or (name == "party_size" and kind != PACKAGE):
                del self.fields[name]
        for name in REQUIRED[kind]:
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = t("这一格要写。", "Please fill this in.")
        self._say_what_is_meant()
        self.has_items = "items" in FIELDS[kind] and "items" not in self.kept
        is_sent = "items-TOTAL_FORMS" in self.data
        self.items = ItemFormSet(self.data if is_sent else None, initial=self.initial.get("items"), prefix="items")
        for name in self.errors.keys() & self.fields.keys():
            self.fields[name].widget.attrs["aria-invalid"] = "true"

    def _say_what_is_meant(self) -> None:
        """Call a field what it means for this kind of offer."""
        if self.kind == "threshold_off":
            self.fields["face_minor"].label = both("减多少（元）", "Takes off (¥)")
        if self.kind in ("percent_off", "threshold_off"):
            self.fields["cost_minor"].help_text = both(
                "按例子里的账单算，谁也看不到", "Of the example's bill; nobody sees it"
            )
        if self.kind == PACKAGE:
            self.fields["list_minor"].help_text = both(
                "上面写了单品，就是它们的合计", "With items above it is their sum"
            )

    def basics(self) -> list[forms.BoundField]:
        """Return what every owner fills in for this kind of offer, after its name."""
        return [self[name] for name in BASICS[self.kind] if name in self.fields]

    def groups(self) -> list[Group]:
        """Return everything else, folded by what it is about; what is filled in or wrong is unfolded."""
        groups = []
        for code, (title, names) in GROUPS.items():
            fields = [self[name] for name in names if name in self.fields and name not in BASICS[self.kind]]
            filled = sum(self._is_filled(field) for field in fields)
            is_wrong = any(field.errors for field in fields)
            if fields:
                is_asked = (self.kind, code) in (("member", "who"), ("time_slot", "when"))
                groups.append(Group(code, title, fields, filled, is_open=bool(filled) or is_wrong or is_asked))
        return groups

    def _is_filled(self, field: forms.BoundField) -> bool:
        value = field.value()
        return value not in (None, "", [], False, ALONE) and str(value) != str(PLAIN.get(field.name, ""))

    def clean(self) -> dict[str, Any]:
        """Check the terms as a whole; what is wrong stands beside its field."""
        values = dict(self.cleaned_data)
        if self.has_items:
            values["items"] = self._read_items()
        if "beside" in self.fields:
            values |= self._read_beside(values.pop("beside", "") or ALONE)
        ticked = hours_of_ticks(values)
        if ticked and values.get("weekly_hours"):
            self.add_error(
                "weekly_hours", t("时段只写一种：上面勾，或者写这里。", "Tick the hours above, or write them here.")
            )
        if ticked:
            values["weekly_hours"] = ticked
        values["person_period"] = values.get("person_period") or None
        if values.get("tiers"):
            values |= {"threshold_minor": None, "face_minor": None}
        self._check({name: value for name, value in values.items() if name not in NOT_TERMS})
        return values

    def _check(self, values: Mapping[str, Any]) -> None:
        try:
            self.terms = check_terms(self.kind, {**self.kept, **values}, at=self.at)
        except TermsRefused as refused:
            for name, text in refused.errors.items():
                if name in self.fields and name not in self.errors:
                    self.add_error(name, t(*text))
                elif name not in self.fields:
                    self.add_error(None, t(*text))

    def _read_beside(self, choice: str) -> dict[str, Any]:
        """Return what is said of other offers; where the choice is what it was, so are the terms."""
        if self.initial.get("beside") == choice and "stack_tags" in self.initial:
            return {name: self.initial[name] for name in ("stack_tags", "stack_accepts", "group", "stands_alone")}
        together = choice == TOGETHER_TOO
        tags = TOGETHER if together else []
        group = ONE_DISCOUNT if together and self.kind in ("percent_off", "threshold_off") else ""
        return {"stack_tags": tags, "stack_accepts": tags, "group": group, "stands_alone": not together}

    def _read_items(self) -> list[dict[str, Any]]:
        if not self.items.is_bound:
            return []
        rows = self.items
        if not rows.is_valid():
            self.add_error(None, t("有一样东西没写对。", "One of the things is not right."))
            return []
        return [
            {"zh": row["zh"], "en": row["en"], "quantity": row["quantity"] or 1, "unit_minor": row["unit_minor"] or 0}
            for row in rows.cleaned_data
            if row.get("zh")
        ]
