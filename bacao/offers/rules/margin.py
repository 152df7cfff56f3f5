"""What a sale leaves the shop with: the same arithmetic as the books do when it is redeemed (money.md, section 3)."""

from dataclasses import dataclass

from .price import Price
from .terms import MERCHANT, Terms


@dataclass(frozen=True, slots=True)
class Margin:
    """One sale seen from behind the counter, minor units.

    `guest_minor` + `others_minor` - `fee_minor` = `gets_minor`; less `cost_minor` = `margin_minor`. Without a cost the
    last two are None. `share_percent` = margin as a share of what the guest pays, None where the guest pays nothing.
    """

    guest_minor: int
    others_minor: int
    given_minor: int
    fee_minor: int
    gets_minor: int
    cost_minor: int | None
    margin_minor: int | None
    share_percent: int | None


def margin_of(terms: Terms, price: Price, *, cost_minor: int | None, fee_basis_points: int) -> Margin:
    """Return what the shop gets of the sale of one unit. The fee is on what passes through the platform, floored.

    `given_minor` is the part of the discount that the shop itself bears; what is paid at the counter carries no fee.
    """
    given = dict(price.funders).get(MERCHANT, 0)
    others = price.saving_minor - given
    fee = (terms.price_minor + others) * fee_basis_points // 10000
    gets = price.payable_minor + others - fee
    margin = None if cost_minor is None else gets - cost_minor
    share = None if margin is None or not price.payable_minor else round(margin * 100 / price.payable_minor)
    return Margin(
        guest_minor=price.payable_minor,
        others_minor=others,
        given_minor=given,
        fee_minor=fee,
        gets_minor=gets,
        cost_minor=cost_minor,
        margin_minor=margin,
        share_percent=share,
    )
