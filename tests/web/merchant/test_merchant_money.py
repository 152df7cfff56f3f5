"""The shop's console: the statement that adds up, redemptions, files."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bacao.ledger.queries import get_balance
from bacao.offers.models import OfferVersion
from bacao.redemption.models import Redemption
from bacao.web.merchant.periods import Period, month_before, month_of, read_period
from tests.factories import make_offer_version, make_user
from tests.web.merchant.shop_world import (
    World,
    redeem,
    sell_a_little,
)

pytestmark = pytest.mark.django_db


def month_query() -> str:
    today = timezone.localdate()
    return f"from={today.replace(day=1)}&to={today}"


def read_file(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_st6_every_sum_of_the_statement_can_be_computed_from_its_file_alone(world: World) -> None:
    sell_a_little(world)
    rows = read_file(world.browser.get(f"/merchant/statement.csv?{month_query()}"))
    opening, *lines, closing = rows
    assert (opening["row"], closing["row"], len(lines)) == ("opening", "closing", 5)
    balance = Decimal(opening["balance"])
    for line in lines:
        parts = [Decimal(line[name]) for name in ("guest_paid", "platform_share", "partner_share", "other")]
        assert sum(parts) - Decimal(line["platform_fee"]) == Decimal(line["amount"])
        balance += Decimal(line["amount"])
        assert balance == Decimal(line["balance"])
        assert line["order"].startswith("BCT")
        assert line["transaction"]
    assert balance == Decimal(closing["balance"])
    owed = get_balance(f"liab.payable.merchant.{world.merchant.pk}").balance_minor
    assert balance * 100 == owed


def test_st1_opening_plus_lines_is_closing_in_every_period(world: World) -> None:
    """Cut the history at arbitrary days: each part's closing is the next part's opening."""
    now = timezone.now()
    version = make_offer_version(world.place, at=now - timedelta(days=40))
    for days in (1, 2, 5, 9, 20, 33):
        redeem(version, make_user(), redeemed_at=now - timedelta(days=days))
    today = timezone.localdate()
    edges = [today - timedelta(days=days) for days in (40, 21, 8, 2)]
    parts = [
        (first, last - timedelta(days=1))
        for first, last in zip(edges, [*edges[1:], today + timedelta(days=1)], strict=True)
    ]
    carried, lines = Decimal(0), 0
    for first, last in parts:
        rows = read_file(world.browser.get(f"/merchant/statement.csv?from={first}&to={last}"))
        assert Decimal(rows[0]["balance"]) == carried
        carried = Decimal(rows[-1]["balance"])
        lines += len(rows) - 2
    assert lines == 6
    assert carried * 100 == get_balance(f"liab.payable.merchant.{world.merchant.pk}").balance_minor


def test_statement_page_says_who_paid_the_discounts(world: World) -> None:
    sell_a_little(world)
    answer = world.browser.get(f"/merchant/statement?{month_query()}")
    statement, totals = answer.context["statement"], answer.context["totals"]
    assert statement.adds_up
    assert statement.opening_minor + totals["amount"] == statement.closing_minor
    # 18 off the tea that stayed, 12 off the voucher (4 by the platform), 10 off two of three card uses
    assert (totals["platform"], totals["given"]) == (400, 1800 + 800 + 3333)
    assert totals["discount"] == totals["platform"] + totals["given"]
    assert (statement.at_counter_count, statement.at_counter_minor) == (1, 1500)
    html = answer.content.decode()
    assert "checked against the books" in html
    assert "Redemption taken back" in html
    offer = OfferVersion.objects.get(title_en="Tea").offer_id
    assert f'href="/merchant/offers/{offer}"' in html
    assert f'href="/merchant/redemptions/{Redemption.objects.earliest("pk").pk}"' in html


def test_m04_the_merchant_example(world: World) -> None:
    """Discount ¥412, of which the platform pays ¥160: the shop pays ¥252."""
    version = make_offer_version(
        world.place, price_minor=58800, list_minor=100000, funders=[("platform", 3883), ("merchant", 6117)]
    )
    redeem(version, make_user())
    totals = world.browser.get(f"/merchant/statement?{month_query()}").context["totals"]
    assert (totals["discount"], totals["platform"], totals["given"]) == (41200, 15998, 25202)


def test_redemptions_by_period_with_their_file(world: World) -> None:
    sell_a_little(world)
    redeem(
        make_offer_version(world.place, title_en="Old tea"), make_user(), redeemed_at=timezone.now() - timedelta(days=6)
    )
    redeem(
        make_offer_version(world.place, title_en="Older"), make_user(), redeemed_at=timezone.now() - timedelta(days=20)
    )
    today = world.browser.get("/merchant/redemptions").content.decode()
    week = world.browser.get("/merchant/redemptions?days=7").content.decode()
    month = world.browser.get("/merchant/redemptions?days=30").content.decode()
    assert [("Old tea" in html, "Older" in html) for html in (today, week, month)] == [
        (False, False), (True, False), (True, True),
    ]  # fmt: skip
    assert "taken back" in week
    rows = read_file(world.browser.get("/merchant/redemptions.csv?days=30"))
    assert len(rows) == 8  # a card use each has a line
    assert {row["clerk"] for row in rows} == {"Ah Xiu", ""}
    assert sum(bool(row["undone_at"]) for row in rows) == 1
    cards = [row for row in rows if row["offer"] == "手冲加可颂" and row["you_get"] == ""]
    assert cards, "a second use of one press carries no second amount"


def test_no_spreadsheet_runs_what_somebody_is_called(world: World) -> None:
    clerk = make_user("=1+1")
    redeem(make_offer_version(world.place, title_zh="@SUM(1)"), make_user(), clerk)
    row = read_file(world.browser.get("/merchant/redemptions.csv"))[0]
    assert (row["clerk"], row["offer"]) == ("'=1+1", "'@SUM(1)")


def test_one_redemption_shows_every_leg(world: World) -> None:
    version = make_offer_version(
        world.place, price_minor=6800, list_minor=8600, funders=[("platform", 5000), ("merchant", 5000)]
    )
    arrival = redeem(version, make_user(), world.clerk)
    assert arrival is not None
    html = world.browser.get(f"/merchant/redemptions/{arrival.redemption_id}").content.decode()
    for part in ("¥18.00", "¥68.00", "+¥9.00", "-¥1.54", "¥75.46", "Ah Xiu"):
        assert part in html, part


def test_periods_are_whole_days_and_never_endless() -> None:
    today = date(2026, 3, 15)
    assert month_of(today) == Period(date(2026, 3, 1), date(2026, 3, 31))
    assert month_before(today) == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert read_period("2026-02-30", "2026-03-01", default=month_of(today)) == month_of(today)
    assert read_period("2026-03-09", "2026-03-01", default=month_of(today)) == Period(
        date(2026, 3, 1), date(2026, 3, 9)
    )
    assert read_period("2020-01-01", "2026-01-01", default=month_of(today)).first == date(2025, 1, 1)
    assert (month_of(today).until - month_of(today).since) == timedelta(days=31)
