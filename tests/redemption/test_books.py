"""X65 at the real counter: redeem and undo between buying, refunding and expiring; the books agree after every step."""

from collections import defaultdict
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from bacao.orders.models import Voucher
from bacao.redemption.queries import get_live_code
from bacao.redemption.services import ensure_codes, redeem_voucher, undo_redemption
from tests.orders.machine import PurchaseMachine


class CounterMachine(PurchaseMachine):
    """The purchases' machine with a clerk instead of bare counters."""

    def __init__(self) -> None:
        super().__init__()
        self.presses: dict[UUID, list[UUID]] = defaultdict(list)

    @rule(data=st.data(), uses=st.sampled_from([1, 1, 1, 2, 3]))
    def use(self, data: st.DataObject, uses: int) -> None:
        voucher: Voucher | None = self.pick(data, Voucher.objects.select_related("order"))
        if voucher is None:
            return
        key, left = uuid4(), voucher.uses_left
        typed = get_live_code(ensure_codes(vouchers=[voucher], at=self.at)[voucher.pk], self.at).typed
        answer = redeem_voucher(
            merchant_id=voucher.merchant_id,
            place_id=voucher.order.place_id,
            clerk=None,
            key=key,
            typed=typed,
            bill_minor=12345,
            uses=uses,
            at=self.at,
        )
        if answer.outcome == "redeemed":
            assert uses <= left
            self.presses[voucher.pk].append(key)
        else:
            assert answer.outcome in {"too_few_uses", "refunded", "already_redeemed", "expired", "too_many_cycles"}

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        voucher: Voucher | None = self.pick(data, Voucher.objects.all())
        if voucher is None or not self.presses[voucher.pk]:
            return
        press = data.draw(st.sampled_from(self.presses[voucher.pk]))
        answer = undo_redemption(
            merchant_id=voucher.merchant_id, clerk=None, redemption_key=press, key=uuid4(), at=self.at
        )
        assert answer.outcome in {"undone", "already_undone", "too_late"}


@pytest.mark.django_db
def test_x65_no_order_of_events_at_the_counter_loses_or_makes_money() -> None:
    run_state_machine_as_test(
        CounterMachine,
        settings=settings(
            max_examples=8, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
