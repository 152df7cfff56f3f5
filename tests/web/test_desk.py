"""The desk: who may enter, what they may change, and what is kept of it."""

import html
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from pghistory import runtime

from bacao.accounts.models import Role, User
from bacao.accounts.services import create_person, end_role, grant_role
from bacao.kit.models import CalendarDay, OutboxEvent
from bacao.notes.models import Note
from bacao.offers.models import Offer, OfferFunder, OfferVersion
from bacao.places.models import Category, Merchant, Place
from bacao.redemption.models import Incident
from bacao.web.desk import words
from bacao.web.desk.base import DeskAdmin
from bacao.web.desk.history import list_changes
from bacao.web.middleware import WhoChangedMiddleware
from tests.factories import make_shop


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


@pytest.fixture
def place(db: None) -> Place:
    category = Category.objects.create(code="try", name_zh="试", name_en="Try", emoji="hot-beverage")
    merchant = Merchant.objects.create(name_zh="鹿里咖啡", name_en="Luli Coffee")
    return Place.objects.create(
        merchant=merchant, name_zh="鹿里咖啡", name_en="Luli Coffee", category=category,
        latitude=30.25, longitude=120.16, cell=1,
    )  # fmt: skip


@pytest.fixture
def note(place: Place) -> Note:
    author = create_person(display_name="Lin")
    return Note.objects.create(author=author, kind="food", title="桂花拿铁", body="坐窗边。", created_at=timezone.now())


@pytest.fixture
def offer(place: Place) -> Offer:
    now = timezone.now()
    offer = Offer.objects.create(place=place, kind="package", state="live", state_changed_at=now, created_at=now)
    version = OfferVersion.objects.create(
        offer=offer,
        number=1,
        title_zh="双人茶",
        title_en="Tea for two",
        price_minor=6800,
        list_minor=8600,
        created_at=now,
    )
    OfferFunder.objects.create(version=version, party="merchant", share_basis_points=10000)
    return offer


def page(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def act(client: Client, row: Any, action: str, **more: str) -> Any:
    """Press a button on a row's page; returns the page that follows."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_act", args=[row.pk])
    return client.post(address, {"action": action, **more}, follow=True)


# --- who may enter ---


@pytest.mark.django_db
def test_a_stranger_is_sent_to_the_one_way_in(client: Client) -> None:
    answer = client.get("/desk/notes/note/")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/login/?next=/desk/notes/note/")
    assert client.get(answer["Location"])["Location"] == "/sign-in?next=/desk/notes/note/"
    assert client.get("/desk/login/")["Location"] == "/sign-in?next=/desk/"


def test_a_resident_is_told_that_this_is_not_for_them(client: Client, db: None) -> None:
    client.force_login(create_person(display_name="Lin"))
    answer = client.get("/desk/", follow=True)
    assert answer.status_code == 403
    assert "运营台" in page(answer)


def test_an_operator_whose_role_ended_is_out(desk: Client, boss: User) -> None:
    assert desk.get("/desk/").status_code == 200
    end_role(user=boss, kind="operator", at=timezone.now())
    assert desk.get("/desk/").status_code == 302


def test_there_is_no_password_door(desk: Client) -> None:
    assert desk.get("/desk/password_change/").status_code in {302, 404, 200}
    assert "password" not in page(desk.get("/desk/")).lower()


# --- what may be changed ---


def test_nothing_is_deleted_and_money_is_read_only(desk: Client, boss: User, place: Place) -> None:
    """Whatever the permissions say: even an administrator only reads what money hangs on."""
    User.objects.filter(pk=boss.pk).update(is_superuser=True)
    request = desk.get("/desk/").wsgi_request
    may_type = {
        model._meta.label
        for model, drawer in site._registry.items()
        if isinstance(drawer, DeskAdmin)
        and (drawer.has_change_permission(request) or drawer.has_add_permission(request))
    }
    assert may_type == {
        "accounts.EntitlementGrant", "accounts.User", "kit.CalendarDay", "places.Category", "places.District",
        "places.Merchant", "places.Place", "places.Street",
    }  # fmt: skip
    assert not any(
        drawer.has_delete_permission(request) for drawer in site._registry.values() if isinstance(drawer, DeskAdmin)
    )


def test_every_table_that_matters_has_a_drawer_and_words_in_both_languages() -> None:
    hidden = {
        "auth.Permission", "auth.Group", "contenttypes.ContentType", "sessions.Session", "admin.LogEntry",
        "account.EmailAddress", "account.EmailConfirmation", "pghistory.Context", "pghistory.Events",
        "pghistory.MiddlewareEvents", "kit.RateBucket", "accounts.SignInCode", "notes.NotePlace", "notes.NotePicture",
        "notes.NoteReport",
        "notes.Save", "offers.OfferFunder", "offers.OfferStock", "offers.PersonalUse", "offers.Quota",
        "offers.RollingUse", "offers.StateChange",
        "places.OpeningPattern", "places.OpeningSpan", "places.MapFeature", "redemption.VoucherCode",
        "redemption.Attempt", "redemption.Served", "redemption.Clerk", "redemption.Manifest", "redemption.Lease",
        "redemption.OfferPolicy", "redemption.Drill", "redemption.Confirmation", "redemption.Agreement",
        "discovery.OutboxMark", "discovery.CategoryUsual", "discovery.Exposure", "discovery.Posterior",
        "discovery.Draw", "ledger.Resolution", "orders.BillUse", "orders.BillRequest", "redemption.RefundWish",
        "redemption.ShopPolicy",
    }  # fmt: skip
    for model in apps.get_models():
        label, chapter = model._meta.label, model._meta.app_label
        if label in hidden or (label.endswith("Event") and label not in {"kit.OutboxEvent", "orders.PaymentEvent"}):
            continue
        if chapter == "procrastinate":
            continue
        assert model in site._registry, f"{label} has no drawer at the desk"
        assert model._meta.label_lower in words.TABLES, f"{label} has no words"
        with translation.override("zh-hans"):
            chinese = str(model._meta.verbose_name)
        with translation.override("en"):
            english = str(model._meta.verbose_name)
        assert chinese != english


@pytest.mark.django_db
def test_the_words_make_no_migration() -> None:
    call_command("makemigrations", "accounts", "notes", check=True, dry_run=True, stdout=StringIO())


def test_a_moderator_shows_and_hides_a_note(desk: Client, note: Note) -> None:
    """U02, U44"""
    assert "待审核" in page(desk.get("/desk/notes/note/"))
    act(desk, note, "publish")
    note.refresh_from_db()
    assert note.state == "published"
    assert "原因" in page(act(desk, note, "hide"))
    note.refresh_from_db()
    assert note.state == "published", "without a reason nothing happens"
    act(desk, note, "hide", reason="广告")
    note.refresh_from_db()
    assert (note.state, note.state_reason) == ("hidden", "广告")


@pytest.mark.parametrize("cause", ["ours", "shop", "member", "unknown"])
def test_rd47_an_operator_decides_what_did_not_work(desk: Client, cause: str) -> None:
    shop, now = make_shop(), timezone.now()
    incident = Incident.objects.create(
        merchant=shop.merchant, place=shop.place, voucher=shop.sell(now), user=shop.member, door="member",
        reason="closed", opened_at=now, answer_by=now + timedelta(hours=24), decide_by=now + timedelta(hours=72),
    )  # fmt: skip
    assert shop.place.name_zh in page(desk.get("/desk/redemption/incident/"))
    act(desk, incident, cause)
    incident.refresh_from_db()
    assert (incident.cause, incident.decided_at is not None) == (cause, True)
    act(desk, incident, "unknown")
    incident.refresh_from_db()
    assert incident.cause == cause, "decided once"


def test_an_action_over_a_list_says_how_many_and_whose_was_refused(desk: Client, note: Note) -> None:
    answer = desk.post(
        "/desk/notes/note/", {"action": "publish", "_selected_action": [note.pk], "reason": ""}, follow=True
    )
    assert "已发布 1" in page(answer)


def test_an_operator_pauses_and_resumes_an_offer(desk: Client, offer: Offer) -> None:
    act(desk, offer, "pause", reason="投诉")
    offer.refresh_from_db()
    assert (offer.state, offer.state_reason) == ("paused", "投诉")
    act(desk, offer, "resume")
    offer.refresh_from_db()
    assert offer.state == "live"


def test_an_operator_closes_and_reopens_a_place(desk: Client, place: Place) -> None:
    act(desk, place, "close")
    place.refresh_from_db()
    assert place.state == "closed"
    act(desk, place, "reopen")
    place.refresh_from_db()
    assert place.state == "open"


def test_an_operator_corrects_a_place_and_searching_hears_of_it(desk: Client, place: Place) -> None:
    address = f"/desk/places/place/{place.pk}/change/"
    form = desk.get(address).context["adminform"].form
    values = {name: "" if value is None else value for name, value in form.initial.items() if name in form.fields}
    answer = desk.post(address, {**values, "name_en": "Luli", "selected_reason": "三位邻居推荐"})
    assert answer.status_code == 302, page(answer)
    place.refresh_from_db()
    assert (place.name_en, place.selected_reason, place.latitude) == ("Luli", "三位邻居推荐", 30.25)
    assert place.selected_at is not None
    assert OutboxEvent.objects.filter(kind="place", ref_id=place.pk).exists()


def test_roles_are_granted_by_whoever_works_at_the_desk(desk: Client, boss: User) -> None:
    """F10"""
    lin = create_person(display_name="Lin")
    act(desk, lin, "make_operator")
    act(desk, lin, "make_field_worker")
    assert {(role.kind, role.granted_by) for role in Role.objects.filter(user=lin)} == {
        ("operator", boss), ("field_worker", boss)
    }  # fmt: skip
    act(desk, lin, "end_operator")
    assert not User.objects.get(pk=lin.pk).is_staff


def test_an_account_is_closed_and_its_sessions_end(desk: Client, boss: User) -> None:
    lin = create_person(display_name="Lin")
    browser = Client()
    browser.force_login(lin)
    act(desk, lin, "close")
    assert browser.get("/sign-in").status_code == 200
    act(desk, lin, "reopen")
    assert User.objects.get(pk=lin.pk).is_active
    act(desk, boss, "close")
    assert User.objects.get(pk=boss.pk).is_active, "nobody closes their own account by mistake"


def test_an_operator_says_what_kind_of_day_it_is(desk: Client) -> None:
    desk.post("/desk/kit/calendarday/add/", {"date": "2027-10-09", "kind": "makeup_workday", "source": "国办发明电"})
    assert CalendarDay.objects.get().kind == "makeup_workday"


@pytest.mark.parametrize("action", ["publish", "delete_selected", "nonsense"])
def test_a_field_worker_or_a_wrong_button_does_nothing(client: Client, note: Note, action: str) -> None:
    spy = create_person(display_name="Spy", is_staff=True)  # staff without the group's permissions
    client.force_login(spy)
    assert act(client, note, action).status_code in {403, 404}
    note.refresh_from_db()
    assert note.state == "pending"


# --- what is kept of it ---


def test_a_change_through_the_desk_is_kept_with_who_and_where(desk: Client, boss: User, note: Note) -> None:
    act(desk, note, "hide", reason="广告")
    [change] = list_changes(Note, note.pk, Note.objects.get(pk=note.pk))
    assert change.who == boss
    assert change.where == f"/desk/notes/note/{note.pk}/act/"
    with translation.override("en"):
        kept = {str(d.column): (d.before, d.after) for d in change.differences}
    assert kept["状态" if "状态" in kept else "state"][1] in {"已隐藏", "hidden"}
    text = page(desk.get(f"/desk/notes/note/{note.pk}/change/"))
    assert "最近的改动" in text
    assert "Boss" in text
    assert "Boss" in page(desk.get(f"/desk/notes/note/{note.pk}/history/"))


def test_a_bulk_update_in_a_request_is_kept_with_who(
    desk: Client, boss: User, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`queryset.update` and plain SQL pass every Python hook; the triggers see them."""
    import bacao.web.desk.admin.notes as drawer

    def all_at_once(**_: Any) -> None:
        Note.objects.update(title="一起改")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE notes_note SET body = %s", ["直接改"])

    monkeypatch.setattr(drawer, "moderate_note", all_at_once)
    act(desk, note, "publish")
    by_sql, by_update = list_changes(Note, note.pk, Note.objects.get(pk=note.pk))
    assert by_sql.who == by_update.who == boss
    assert [(d.before, d.after) for d in by_update.differences] == [("桂花拿铁", "一起改")]
    assert [(d.before, d.after) for d in by_sql.differences] == [("坐窗边。", "直接改")]


def test_what_a_job_changes_is_kept_without_a_name(note: Note, desk: Client) -> None:
    Note.objects.filter(pk=note.pk).update(title="改")
    [change] = list_changes(Note, note.pk, Note.objects.get(pk=note.pk))
    assert change.who is None
    assert "系统" in page(desk.get(f"/desk/notes/note/{note.pk}/history/"))


def test_a_row_that_was_deleted_keeps_its_story(desk: Client, note: Note) -> None:
    key = note.pk
    Note.objects.filter(pk=key).update(title="改")
    Note.objects.filter(pk=key).delete()
    deleted, changed = list_changes(Note, key, None)
    assert (deleted.kind, changed.kind) == ("delete", "update")
    assert [(d.before, d.after) for d in changed.differences] == [("桂花拿铁", "改")]
    assert "删除" in page(desk.get(f"/desk/notes/note/{key}/history/"))


def test_counting_a_save_is_no_change_worth_keeping(note: Note) -> None:
    Note.objects.update(save_count=7)
    assert list_changes(Note, note.pk, note) == []


def test_secrets_are_not_kept_in_histories(boss: User) -> None:
    before = len(list_changes(User, boss.pk, boss))
    boss.set_password("x")
    boss.save()
    event = apps.get_model("accounts.UserEvent")
    assert not {"password", "last_login"} & {field.name for field in event._meta.fields}
    assert len(list_changes(User, boss.pk, boss)) == before


def test_histories_cannot_be_rewritten(note: Note) -> None:
    Note.objects.update(title="改")
    event = apps.get_model("notes.NoteEvent")
    for attempt in (lambda: event.objects.update(title="nie"), lambda: event.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


# --- the first page ---


def test_the_first_page_counts_what_waits_and_each_figure_opens_its_rows(
    desk: Client, note: Note, offer: Offer
) -> None:
    act(desk, offer, "pause", reason="投诉")
    groups = desk.get("/desk/").context["groups"]
    figures = {figure.label.en: figure for _, group in groups for figure in group}
    assert (figures["notes waiting"].value, figures["notes waiting"].calls) == ("1", True)
    assert figures["offers paused"].value == "1"
    assert (figures["payments to enquire"].value, figures["payments to enquire"].calls) == ("0", False)
    for figure in figures.values():
        if figure.url:
            answer = desk.get(figure.url)
            assert answer.status_code == 200, figure.url
            assert str(answer.context["cl"].result_count) == figure.value, figure.url


def test_the_desk_speaks_both_languages(desk: Client, note: Note) -> None:
    chinese = page(desk.get("/desk/notes/note/", headers={"accept-language": "zh-CN"}))
    english = page(desk.get("/desk/notes/note/", headers={"accept-language": "en"}))
    for word in ("笔记", "标题", "作者", "待审核", "发布"):
        assert word in chinese
    for word in ("notes", "Title", "Author", "waiting", "Publish"):
        assert word in english
    assert "待审核" not in english


def test_an_operator_does_not_take_the_desk_from_an_administrator(desk: Client) -> None:
    chief = create_person(display_name="Chief")
    grant_role(user=chief, kind="operator", granted_by=None, at=timezone.now(), administrator=True)
    assert "只有管理员" in page(act(desk, chief, "end_operator"))
    assert User.objects.get(pk=chief.pk).is_staff


def test_the_busiest_addresses_carry_no_context_and_all_others_do(rf: Any, boss: User) -> None:
    seen = []

    def look(request: Any) -> HttpResponse:
        seen.append(getattr(runtime._tracker, "value", None) is not None)
        return HttpResponse()

    for address in ("/redemptions", "/previews", "/undos", "/payments/sandbox/callback", "/notes/new", "/desk/x/"):
        request = rf.post(address)
        request.user = boss
        WhoChangedMiddleware(look)(request)
    assert seen == [False, False, False, False, True, True]
