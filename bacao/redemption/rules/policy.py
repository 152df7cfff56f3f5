"""What a shop may decide about serving without network, and what of it the phone is told (RD29, RD33). Pure."""

from dataclasses import dataclass, fields

from bacao.kit.text import Refused, Text

from .offline import CAPS, MANIFEST_LIFE, Caps

SOFT = 5
"""A phone asks for the network after a fifth of what it may serve without."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one phone may serve without network, as its shop wants it: uses, fen, fen a use, hours; 0 uses = none.

    Up to `CAPS` the platform bears a use that turns out double, whatever the shop decided; above, the shop does.
    """

    items: int = CAPS.hard_items
    total_minor: int = CAPS.hard_minor
    item_minor: int = CAPS.item_minor
    hours: int = int(MANIFEST_LIFE.total_seconds()) // 3600

    @property
    def serves_alone(self) -> bool:
        """Whether anything may be used without network at all."""
        return self.items > 0

    @property
    def at_own_risk(self) -> bool:
        """Whether they reach beyond what the platform bears."""
        above = self.total_minor > CAPS.hard_minor or self.item_minor > CAPS.item_minor
        return self.serves_alone and (above or self.items > CAPS.hard_items)

    def as_caps(self) -> Caps:
        """Return them as the manifest says them."""
        return Caps(
            soft_items=max(1, self.items // SOFT),
            soft_minor=max(1, self.total_minor // SOFT),
            hard_items=self.items,
            hard_minor=self.total_minor,
            item_minor=self.item_minor,
        )


DEFAULT = Limits()
LEAST = Limits(items=0, total_minor=100, item_minor=0, hours=1)
MOST = Limits(items=200, total_minor=600_000, item_minor=100_000, hours=DEFAULT.hours)


class LimitsRefused(Refused):
    """Limits that make no sense; `errors` = what is wrong, by field."""

    code = "limits_refused"
    status = 422

    def __init__(self, errors: dict[str, Text]) -> None:
        self.errors = errors
        super().__init__(Text("".join(e.zh for e in errors.values()), " ".join(e.en for e in errors.values())))


def check_limits(limits: Limits) -> None:
    """Accept limits between `LEAST` and `MOST`, one use worth no more than all together. :raises LimitsRefused:"""
    errors = {}
    for field in fields(Limits):
        least, most = getattr(LEAST, field.name), getattr(MOST, field.name)
        if not least <= getattr(limits, field.name) <= most:
            errors[field.name] = _between(field.name, least, most)
    if not errors and limits.item_minor > limits.total_minor:
        errors["item_minor"] = Text("一张不能比一共的还多。", "One use cannot be worth more than all together.")
    if errors:
        raise LimitsRefused(errors)


def _between(name: str, least: int, most: int) -> Text:
    if name.endswith("_minor"):
        yuan, top = f"{least // 100:,}", f"{most // 100:,}"
        return Text(f"填 {yuan} 到 {top} 元。", f"Between ¥{yuan} and ¥{top}, please.")
    return Text(f"填 {least} 到 {most}。", f"Between {least} and {most}, please.")
