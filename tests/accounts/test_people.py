"""People, what they prefer, and the roles they hold (F10, U07, X42)."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from bacao.accounts.models import Role, User
from bacao.accounts.queries import find_user_by_email, find_user_by_phone, has_role, list_roles
from bacao.accounts.rules import NameRefused, NotAContact
from bacao.accounts.services import (
    NameTaken,
    PersonRow,
    create_person,
    end_role,
    grant_role,
    load_people,
    set_preferences,
)

pytestmark = pytest.mark.django_db


def test_a_phone_number_is_kept_as_e164_and_found_however_it_is_typed() -> None:
    lin = create_person(phone="138 0013 8000", display_name="Lin")
    assert lin.phone == "+8613800138000"
    assert find_user_by_phone("+86 13800138000") == lin
    assert find_user_by_phone("13800138001") is None
    assert find_user_by_phone("not a number") is None


def test_an_email_address_is_kept_in_lower_case() -> None:
    lin = create_person(email="Lin@Example.org", display_name="Lin")
    assert find_user_by_email("LIN@example.ORG ") == lin


def test_two_people_cannot_share_a_contact() -> None:
    create_person(phone="13800138000", display_name="Lin")
    with pytest.raises(IntegrityError), transaction.atomic():
        create_person(phone="+8613800138000", display_name="Mo")
    create_person(display_name="a clerk")
    create_person(display_name="another clerk")  # people without any contact do not collide


def test_a_malformed_contact_or_name_makes_nobody() -> None:
    with pytest.raises(NotAContact):
        create_person(phone="123", display_name="Lin")
    with pytest.raises(NameRefused):
        create_person(display_name="  ")
    assert User.objects.count() == 0


def test_nobody_takes_the_official_account_s_name(at: datetime) -> None:
    [official] = load_people(rows=[PersonRow("拔草官方", is_official=True)], at=at)
    mo = create_person(display_name="Mo")
    for name in ("拔草官方", "拔草 官方", "拔草·官方", "拔草官方\u200b"):
        with pytest.raises(NameTaken):
            create_person(display_name=name)
        with pytest.raises(NameTaken):
            set_preferences(user=mo, display_name=name, at=at)
    assert set_preferences(user=official, display_name="拔草官方", at=at).display_name == "拔草官方"
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=mo.pk).update(is_official=True)  # there is one, the database says


def test_preferences_change_one_at_a_time(at: datetime) -> None:
    lin = create_person(display_name="Lin")
    set_preferences(user=lin, bio="  爱吃面 ", at=at)
    set_preferences(user=lin, personal_ranking=False, avatar="panda", at=at)
    lin.refresh_from_db()
    assert (lin.display_name, lin.bio, lin.personal_ranking, lin.avatar) == ("Lin", "爱吃面", False, "panda")
    assert set_preferences(user=lin, avatar="../../etc/passwd", at=at).avatar == "bust-in-silhouette"


def test_consent_to_a_stored_position_is_its_own_and_taken_back_at_once(at: datetime) -> None:
    lin = create_person(display_name="Lin")
    assert lin.location_consent_at is None
    set_preferences(user=lin, location_consent=True, at=at)
    set_preferences(user=lin, location_consent=True, at=at + timedelta(days=1))
    lin.refresh_from_db()
    assert lin.location_consent_at == at, "agreeing again does not move the date"
    set_preferences(user=lin, location_consent=False, at=at)
    lin.refresh_from_db()
    assert lin.location_consent_at is None


def test_one_account_holds_several_roles_each_from_a_day_to_a_day(at: datetime) -> None:
    boss, lin = create_person(display_name="Boss"), create_person(display_name="Lin")
    grant_role(user=lin, kind="field_worker", granted_by=boss, at=at)
    grant_role(user=lin, kind="operator", granted_by=boss, at=at + timedelta(hours=1))
    assert [role.kind for role in list_roles(lin)] == ["field_worker", "operator"]
    end_role(user=lin, kind="field_worker", at=at + timedelta(days=1))
    assert (has_role(lin, "field_worker"), has_role(lin, "operator")) == (False, True)
    grant_role(user=lin, kind="field_worker", granted_by=boss, at=at + timedelta(days=2))
    assert Role.objects.filter(user=lin, kind="field_worker").count() == 2, "the story can be read again"


def test_granting_twice_is_granting_once(at: datetime) -> None:
    lin = create_person(display_name="Lin")
    first = grant_role(user=lin, kind="operator", granted_by=None, at=at)
    assert grant_role(user=lin, kind="operator", granted_by=None, at=at + timedelta(days=1)) == first


def test_an_operator_may_work_at_the_desk_and_not_touch_money(at: datetime) -> None:
    lin = create_person(display_name="Lin")
    grant_role(user=lin, kind="operator", granted_by=None, at=at)
    lin = User.objects.get(pk=lin.pk)
    assert lin.is_staff
    assert lin.has_perm("notes.change_note")
    assert lin.has_perm("ledger.view_entry")
    for forbidden in (
        "ledger.change_entry", "ledger.add_transaction", "orders.change_order", "redemption.change_redemption",
        "offers.change_offerversion", "accounts.delete_user", "notes.delete_note", "auth.change_group",
    ):  # fmt: skip
        assert not lin.has_perm(forbidden), forbidden
    end_role(user=lin, kind="operator", at=at)
    lin = User.objects.get(pk=lin.pk)
    assert (lin.is_staff, lin.has_perm("notes.change_note")) == (False, False)


def test_somebody_closed_out_holds_no_role(at: datetime) -> None:
    lin = create_person(display_name="Lin")
    grant_role(user=lin, kind="operator", granted_by=None, at=at)
    lin.is_active = False
    assert not has_role(lin, "operator")


def test_people_are_loaded_in_bulk_in_order(at: datetime) -> None:
    rows = [PersonRow(f"P{n}", phone=f"+861380013{n:04d}") for n in range(300)]
    people = load_people(rows=rows, at=at)
    assert [person.display_name for person in people] == [row.display_name for row in rows]
    assert not any(person.has_usable_password() for person in people)
