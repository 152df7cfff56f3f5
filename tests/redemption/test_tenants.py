"""The database keeps the shops apart (RD56): as the counter's role, with another merchant's rows in reach."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from bacao.redemption.models import Attempt, Redemption
from bacao.redemption.services import NotYourVoucher, agree, ensure_codes
from bacao.redemption.services.tenancy import as_house, counter_transaction, member_transaction
from tests.factories import Shop, make_shop, make_user
from tests.redemption.phone import make_phone

pytestmark = pytest.mark.django_db
MEMBERS_TABLES = (
    "orders_voucher", "redemption_vouchercode", "redemption_redemption", "redemption_undo", "redemption_arrival",
    "redemption_agreement", "redemption_refundwish", "redemption_incident",
)  # fmt: skip


@pytest.fixture
def other() -> Shop:
    """Another shop in which everything happened once."""
    shop, now = make_shop("别家", "Elsewhere"), timezone.now()
    phone = make_phone(shop)
    ensure_codes(vouchers=[shop.sell(now)], at=now)
    phone.get("/manifest")
    voucher = shop.sell(now)
    key = uuid4()
    assert phone.redeem(token=shop.token(voucher, now), key=key).status_code == 201
    assert phone.send("/undos", {"redemption": str(key)}).status_code == 201
    return shop


@pytest.fixture
def as_counter(shop: Shop, other: Shop) -> Iterator[Any]:
    with counter_transaction(shop.merchant.pk), connection.cursor() as cursor:
        yield cursor


def tables() -> list[str]:
    """Return the tables of the chapter that belong to a merchant, and those that hang on them."""
    models = apps.get_app_config("redemption").get_models()
    return [model._meta.db_table for model in models]


def test_every_table_of_a_merchant_has_its_policy(shop: Shop) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname, relrowsecurity AND relforcerowsecurity,
                ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = pg_class.oid ORDER BY polname)
            FROM pg_class WHERE relname = ANY(%s)
            """,
            [[*tables(), "orders_voucher"]],
        )
        found = {name: (forced, policies) for name, forced, policies in cursor.fetchall()}
    assert set(found) == {*tables(), "orders_voucher"}
    of_members = set(MEMBERS_TABLES)
    wrong = {
        name: state
        for name, state in found.items()
        if state != (True, ["counter", "house", "member"] if name in of_members else ["counter", "house"])
    }
    assert not wrong, "a table of a merchant without row-level security"


@pytest.mark.parametrize("role", ["bacao_counter", "bacao_member"])
def test_the_role_owns_nothing_and_cannot_log_in(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, (SELECT count(*) FROM pg_class"
            " WHERE relowner = pg_roles.oid) FROM pg_roles WHERE rolname = %s",
            [role],
        )
        assert cursor.fetchone() == (False, False, False, False, 0)


def test_a_counter_sees_nothing_of_another_shop(as_counter: Any, shop: Shop, other: Shop) -> None:
    for table in ("redemption_attempt", "redemption_redemption", "redemption_undo", "redemption_vouchercode",
                  "redemption_counter", "redemption_lease", "redemption_manifest", "redemption_arrival",
                  "orders_voucher"):  # fmt: skip
        as_counter.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  # names of this file
        assert as_counter.fetchone() == (0,), table
    with as_house(shop.merchant.pk):
        assert Attempt.objects.filter(merchant=other.merchant).count() == 2
        assert Redemption.objects.filter(merchant=other.merchant).count() == 1


def test_without_a_tenant_there_is_nothing_at_all(as_counter: Any) -> None:
    as_counter.execute("SELECT set_config('app.merchant', '', true)")
    as_counter.execute("SELECT count(*) FROM orders_voucher")
    assert as_counter.fetchone() == (0,)


WRITES = [
    "INSERT INTO redemption_attempt (merchant_id, key, request_hash) VALUES ({other}, gen_random_uuid(), '')",
    "UPDATE redemption_attempt SET request_hash = ''",
    "UPDATE redemption_attempt SET merchant_id = {other}",
    "DELETE FROM redemption_attempt",
    "DELETE FROM redemption_redemption",
    "UPDATE redemption_redemption SET paid_minor = 0",
    "UPDATE orders_voucher SET uses_total = 9",
    "UPDATE orders_voucher SET valid_until = now()",
    "DELETE FROM orders_voucher",
    "INSERT INTO redemption_clerk DEFAULT VALUES",
    "UPDATE redemption_counter SET revoked_at = NULL",
    "INSERT INTO redemption_lease DEFAULT VALUES",
    "INSERT INTO redemption_served DEFAULT VALUES",
    "INSERT INTO ledger_transaction DEFAULT VALUES",
    "UPDATE ledger_account SET debit_minor = 0",
    "SELECT phone FROM accounts_user",
    "SELECT pin_hash FROM redemption_clerk",
    "SELECT * FROM django_session",
    "INSERT INTO redemption_redemption (voucher_id, merchant_id, place_id, use_number, cycle, proof, key, charge_minor,"
    " discount_minor, paid_minor, redeemed_at) SELECT id, {other}, {place}, 1, 1, 'typed', gen_random_uuid(), 0, 0, 0,"
    " now() FROM (SELECT '{voucher}'::uuid AS id) voucher",
]


@pytest.mark.parametrize("sql", WRITES)
def test_straight_at_the_tables_everything_else_is_refused(as_counter: Any, shop: Shop, other: Shop, sql: str) -> None:
    with as_house(shop.merchant.pk):
        row = Redemption.objects.get(merchant=other.merchant)
    with pytest.raises(DatabaseError), transaction.atomic():
        as_counter.execute(sql.format(other=other.merchant.pk, place=other.place.pk, voucher=row.voucher_id))


def test_another_shops_voucher_is_not_touched_by_an_update(as_counter: Any, other: Shop) -> None:
    as_counter.execute("UPDATE orders_voucher SET uses_redeemed = 1, redeemed_minor = paid_minor")
    assert as_counter.rowcount == 0
    as_counter.execute("UPDATE redemption_vouchercode SET highest_step = 0")
    assert as_counter.rowcount == 0


def test_the_role_ends_with_the_transaction(shop: Shop) -> None:
    with counter_transaction(shop.merchant.pk), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("bacao_counter",)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = session_user, current_setting('app.merchant', true)")
        assert cursor.fetchone() == (True, "")


# Members: their own rows, and nobody else's


def test_members_see_their_own_rows_and_agree_for_themselves_only(shop: Shop) -> None:
    """Of two members who both did everything at the same shop, each sees one row a table; a stranger sees none."""
    phone, now, own = make_phone(shop), timezone.now(), []
    for member in (shop.member, make_user("另一位")):
        voucher = replace(shop, member=member).sell(now)
        agree(voucher_id=voucher.pk, user_id=voucher.user_id, at=now)
        assert phone.redeem(token=shop.token(voucher, now), uses=1).status_code == 201
        own.append(voucher)
    seen = ("orders_voucher", "redemption_vouchercode", "redemption_redemption", "redemption_arrival",
            "redemption_agreement")  # fmt: skip
    for user_id, rows in ((own[0].user_id, 1), (own[1].user_id, 1), (10**9, 0)):
        with member_transaction(user_id), connection.cursor() as cursor:
            for table in seen:
                cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  # names of this file
                assert cursor.fetchone() == (rows,), table
    with pytest.raises(NotYourVoucher):
        agree(voucher_id=own[1].pk, user_id=own[0].user_id, at=now)


MEMBERS_WRITES = [
    "INSERT INTO redemption_agreement (voucher_id, merchant_id, agreed_at) VALUES ('{voucher}', {merchant}, now())",
    "UPDATE redemption_agreement SET agreed_at = now()",
    "DELETE FROM redemption_agreement",
    "UPDATE orders_voucher SET valid_until = now()",
    "UPDATE redemption_vouchercode SET highest_step = -1",
    "INSERT INTO redemption_arrival DEFAULT VALUES",
    "DELETE FROM redemption_redemption",
    "UPDATE redemption_incident SET credit_minor = 5000",
    "SELECT * FROM redemption_attempt",
    "SELECT * FROM redemption_counter",
    "SELECT * FROM orders_order",
    "SELECT * FROM accounts_user",
    "SELECT * FROM ledger_entry",
]


@pytest.mark.parametrize("sql", MEMBERS_WRITES)
def test_members_cannot_write_for_strangers_nor_read_what_is_not_theirs(shop: Shop, sql: str) -> None:
    now = timezone.now()
    theirs = replace(shop, member=make_user("另一位")).sell(now)
    with (
        member_transaction(shop.member.pk),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError),
        transaction.atomic(),
    ):
        cursor.execute(sql.format(voucher=theirs.pk, merchant=theirs.merchant_id))


# Over HTTP: every address, with another shop's ids


def test_other_shops_ids_get_what_unknown_ones_get(shop: Shop, other: Shop) -> None:
    phone, now = make_phone(shop, "窥探"), timezone.now()
    theirs = Redemption.objects.get(merchant=other.merchant)
    voucher = other.sell(now)
    typed, token = other.typed(voucher, now), other.token(voucher, now)
    unknown_token = token[:8] + ("1" if token[8] != "1" else "2") + token[9:]  # another handle, the same version
    for path, real, made_up in (
        ("/redemptions", {"typed": typed}, {"typed": "123456789018"}),
        ("/redemptions", {"token": token}, {"token": unknown_token}),
        ("/previews", {"token": token}, {"token": unknown_token}),
        ("/undos", {"redemption": str(theirs.key)}, {"redemption": str(uuid4())}),
    ):
        press = phone.post if path == "/previews" else phone.send
        first, second = press(path, real), press(path, made_up)
        assert (first.status_code, second.status_code) == (404, 404), path
        assert first.content == second.content, path
    assert phone.get(f"/redemptions/{theirs.key}").status_code == 404
    assert phone.get("/redemptions").json()["redemptions"] == []
    assert phone.post("/leases", {"returned": ["00" * 5], "drawn": phone.number}).json()["leases"] == 0
