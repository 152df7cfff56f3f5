"""How many statements the desk's pages take in a city of the size of the demo, and how a row's story is kept."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.core.paginator import Paginator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bacao.accounts.models import User
from bacao.accounts.services import create_person, grant_role
from bacao.ledger.models import Account, Entry
from bacao.notes.models import Note, NotePicture, NotePlace
from bacao.offers.models import Offer, OfferFunder, OfferStock, OfferVersion
from bacao.orders.models import Order, Payment, Refund, Voucher
from bacao.places.models import Category, District, Merchant, Place, ShopRole
from bacao.redemption.models import Arrival, Redemption
from bacao.reviews.models import Review
from bacao.web.desk.base import EstimatingPaginator

SHOPS, OFFERS, ORDERS, ENTRIES, PEOPLE, NOTES = 2_000, 5_000, 10_000, 50_000, 1_000, 3_000


@pytest.fixture
def boss(db: None) -> User:
    """Return an operator."""
    user = create_person(phone="13800138000", display_name="Boss")
    grant_role(user=user, kind="operator", granted_by=None, at=timezone.now())
    return User.objects.get(pk=user.pk)


@pytest.fixture
def desk(boss: User) -> Client:
    """Return the operator's browser."""
    client = Client()
    client.force_login(boss)
    return client


def build_city(at: datetime) -> None:
    """Insert a city of rows by bulk SQL, without the guards that would check each of them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    shops = _build_shops(at)
    _build_offers(shops, at)
    _build_notes(shops, at)
    _build_purchases(at)
    _build_books(at)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE")


def _build_shops(at: datetime) -> list[Place]:
    districts = [
        District(code=f"d{n}", name_zh=f"商圈{n}", name_en=f"D{n}", latitude=30, longitude=120) for n in range(12)
    ]
    District.objects.bulk_create(districts, ignore_conflicts=True)
    branch = Category.objects.create(code="t-branch", name_zh="吃", name_en="Food", emoji="x")
    leaves = Category.objects.bulk_create(
        Category(code=f"t{n}", parent=branch, name_zh=f"类{n}", name_en=f"C{n}", emoji="x") for n in range(20)
    )
    people = User.objects.bulk_create(
        User(phone=f"+86139{n:08d}", display_name=f"居民 {n}", password="!", date_joined=at - timedelta(hours=n))
        for n in range(PEOPLE)
    )
    merchants = Merchant.objects.bulk_create(Merchant(name_zh=f"商户 {n}") for n in range(SHOPS))
    shops = Place.objects.bulk_create(
        Place(
            merchant=merchants[n], name_zh=f"店铺 {n}", name_en=f"Shop {n}", category=leaves[n % 20],
            district=districts[n % 12], latitude=30.2, longitude=120.1, cell=n, state="open",
        )
        for n in range(SHOPS)
    )  # fmt: skip
    ShopRole.objects.bulk_create(
        ShopRole(merchant=merchants[n], user=people[n % PEOPLE], kind="owner", granted_at=at) for n in range(SHOPS)
    )
    return shops


def _build_offers(shops: list[Place], at: datetime) -> None:
    offers = Offer.objects.bulk_create(
        Offer(
            place=shops[n % SHOPS], kind=("package", "voucher", "card")[n % 3], state=("live", "paused")[n % 10 == 0],
            state_changed_at=at, created_at=at,
        )
        for n in range(OFFERS)
    )  # fmt: skip
    versions = OfferVersion.objects.bulk_create(
        OfferVersion(offer=offer, number=number, is_current=number == 2, title_zh="双人套餐", title_en="For two",
                     price_minor=6800, list_minor=8600, created_at=at)
        for offer in offers for number in (1, 2)
    )  # fmt: skip
    OfferFunder.objects.bulk_create(
        OfferFunder(version=version, party="merchant", share_basis_points=10000) for version in versions
    )
    OfferStock.objects.bulk_create(OfferStock(offer=offer, limit=100) for offer in offers)


def _build_notes(shops: list[Place], at: datetime) -> None:
    people = list(User.objects.order_by("pk")[:PEOPLE])
    notes = Note.objects.bulk_create(
        Note(
            author=people[n % PEOPLE], kind="food", title=f"笔记 {n}", body="好吃。" * 50, created_at=at,
            state="pending" if n % 50 == 0 else "published", published_at=at,
        )
        for n in range(NOTES)
    )  # fmt: skip
    NotePlace.objects.bulk_create(NotePlace(note=note, place=shops[n % SHOPS]) for n, note in enumerate(notes))
    NotePicture.objects.bulk_create(
        NotePicture(note=note, file="notes/aa/x.webp", width=800, height=600) for note in notes
    )


def _build_purchases(at: datetime) -> None:
    people, versions = list(User.objects.all()[:PEOPLE]), list(OfferVersion.objects.select_related("offer")[:OFFERS])
    shops = Place.objects.in_bulk()
    orders = Order.objects.bulk_create(
        Order(
            number=f"BC{n:010d}", user=people[n % len(people)], place_id=versions[n % len(versions)].offer.place_id,
            offer_version=versions[n % len(versions)], quantity=1, unit_price_minor=6800, unit_list_minor=8600,
            total_minor=6800, refund_terms_zh="随时退", refund_terms_en="any time",
            placed_at=at - timedelta(minutes=n), expires_at=at, paid_at=at - timedelta(minutes=n),
        )
        for n in range(ORDERS)
    )  # fmt: skip
    payments = Payment.objects.bulk_create(
        Payment(order=order, provider="sandbox", amount_minor=6800, captured_minor=6800, created_at=order.placed_at,
                captured_at=order.paid_at)
        for order in orders
    )  # fmt: skip
    vouchers = Voucher.objects.bulk_create(
        Voucher(order=order, merchant_id=shops[order.place_id].merchant_id, user_id=order.user_id, unit=1,
                paid_minor=6800, issued_at=at, valid_until=at + timedelta(days=90))
        for order in orders
    )  # fmt: skip
    Refund.objects.bulk_create(
        Refund(
            order=orders[n], payment=payments[n], voucher=vouchers[n], amount_minor=6800, cause="asked", requested_at=at
        )
        for n in range(500)
    )
    redemptions = Redemption.objects.bulk_create(
        Redemption(voucher=voucher, merchant_id=voucher.merchant_id, place_id=orders[n].place_id, use_number=1,
                   proof="chain", key=uuid.uuid4(), ledger_id=uuid.uuid4(), redeemed_at=at - timedelta(minutes=n))
        for n, voucher in enumerate(vouchers[:8000])
    )  # fmt: skip
    arrivals = Arrival.objects.bulk_create(
        Arrival(place_id=row.place_id, user_id=vouchers[n].user_id, redemption=row, arrived_at=row.redeemed_at)
        for n, row in enumerate(redemptions)
    )
    Review.objects.bulk_create(
        Review(arrival=row, place_id=row.place_id, user_id=row.user_id, stars=5, body="好", written_at=row.arrived_at)
        for row in arrivals[:3000]
    )


def _build_books(at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO ledger_account
                (book, code, "limit", debit_minor, credit_minor, pending_debit_minor, pending_credit_minor)
            SELECT 'cny', 'liab.unredeemed.' || n, 'none', 0, 0, 0, 0 FROM generate_series(1, %(accounts)s) n;
            INSERT INTO ledger_transaction
                (id, book, kind, content_hash, origin, effective_at, recorded_at, entry_count)
            SELECT gen_random_uuid(), 'cny', 'paid', '\\x00', jsonb_build_object('order', n), %(at)s,
                   %(at)s - n * interval '1 minute', 2
            FROM generate_series(1, %(entries)s / 2) n;
            INSERT INTO ledger_entry (transaction_id, account_id, side, amount_minor)
            SELECT t.id, a.id, side, 6800
            FROM (SELECT id, row_number() OVER () AS n FROM ledger_transaction) t
            JOIN (SELECT id, row_number() OVER () AS n FROM ledger_account) a ON a.n = 1 + t.n %% %(accounts)s,
                 (VALUES ('D'), ('C')) sides (side)
            """,
            {"accounts": ENTRIES // 10, "entries": ENTRIES, "at": at},
        )


SEARCHES = {
    "accounts.user": "居民 77", "places.place": "店铺 77", "places.merchant": "商户 77", "notes.note": "笔记 77",
    "offers.offer": "双人", "orders.order": "BC0000000077", "orders.payment": "BC0000000077",
    "orders.voucher": "BC0000000077", "redemption.redemption": "店铺 77", "redemption.arrival": "店铺 77",
    "ledger.account": "unredeemed.77", "ledger.entry": "unredeemed.77", "reviews.review": "店铺 77",
}  # fmt: skip


def addresses_of(model: Any) -> list[str]:
    """Return the pages of a table: the list, its last page, a search, every filter, and a row's page and history."""
    meta, drawer = model._meta, site._registry[model]
    list_address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    last = max(1, -(-model._default_manager.count() // drawer.list_per_page))
    found = [list_address, f"{list_address}?p={last}"]
    if term := SEARCHES.get(meta.label_lower):
        found.append(f"{list_address}?q={term}")
    for column in drawer.list_display:
        if isinstance(column, str) and column in {field.name for field in meta.fields}:
            found.append(f"{list_address}?o=-{list(drawer.list_display).index(column) + 1}")
            break
    if row := model._default_manager.order_by("-pk").first():
        found.append(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk]))
        found.append(reverse(f"admin:{meta.app_label}_{meta.model_name}_history", args=[row.pk]))
    return found


def count_statements(client: Client, address: str) -> int:
    """Return how many SQL statements a page takes."""
    with CaptureQueriesContext(connection) as statements:
        answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return len(statements)


def test_no_page_asks_row_by_row(desk: Client, at: datetime) -> None:
    """How long the pages take is measured by `bench/pages`."""
    build_city(at)
    assert Entry.objects.count() == ENTRIES
    addresses = ["/desk/", *(address for model in site._registry for address in addresses_of(model))]
    pages = {address: count_statements(desk, address) for address in addresses}
    assert {address: statements for address, statements in pages.items() if statements > 30} == {}


@pytest.mark.django_db
def test_a_large_table_is_not_counted_and_a_filtered_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    Account.objects.bulk_create(Account(code=f"x.{n}") for n in range(300))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_account")
    everything, some = Account.objects.order_by("pk"), Account.objects.filter(code__contains=".29").order_by("pk")
    assert EstimatingPaginator(everything, 50).count == 300
    monkeypatch.setattr("bacao.web.desk.base.ESTIMATE_ABOVE", 100)
    monkeypatch.setattr(Paginator, "count", property(lambda self: pytest.fail("the whole table was counted")))
    assert EstimatingPaginator(everything, 50).count == 300
    monkeypatch.undo()
    monkeypatch.setattr("bacao.web.desk.base.ESTIMATE_ABOVE", 100)
    assert EstimatingPaginator(some, 50).count == 11
