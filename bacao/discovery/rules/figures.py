"""A price as a list shows it: what a party pays, what it would pay without any offer, and what that assumes."""

from dataclasses import dataclass

from bacao.kit.text import Text
from bacao.offers.rules import say_amount

USUAL, BILL, BASKET = 0, 1, 2
"""How a price comes about: what is usual, offers on the bill, or a package. The index uses the same numbers."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Minor units for `heads` people. `is_exact` = there is no lower price; otherwise it is "from" this one down.

    `paid_minor` = what of it was paid before, for something the viewer owns.
    """

    payable_minor: int
    list_minor: int
    heads: int
    how: int
    is_exact: bool = True
    paid_minor: int = 0

    @property
    def saving_minor(self) -> int:
        """Return what the offers take off."""
        return self.list_minor - self.payable_minor

    @property
    def per_head_minor(self) -> int:
        """Return what a head pays."""
        return -(-self.payable_minor // self.heads)

    @property
    def basis(self) -> Text:
        """Say what the amounts assume, so that nobody takes an assumption for a promise."""
        bill, paid = say_amount(self.list_minor), say_amount(self.paid_minor)
        said = Text(f"{self.heads} 人，按账单 {bill}", f"for {self.heads}, on a bill of {bill}")
        if self.how == BASKET:
            said = Text(f"{self.heads} 人套餐", f"package for {self.heads}")
        return Text(f"{said.zh}；已付 {paid}", f"{said.en}; {paid} of it paid already") if self.paid_minor else said
