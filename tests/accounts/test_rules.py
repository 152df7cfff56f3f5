"""How a person is reached, named and recognised."""

import hashlib

import pytest

from bacao.accounts import rules
from bacao.accounts.rules import Channel, NameRefused, NotAContact, codes, read_contact


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("13800138000", "+8613800138000"),
        (" 138 0013 8000 ", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+1 415 555 2671", "+14155552671"),
    ],
)
def test_mobile_numbers_become_e164(typed: str, value: str) -> None:
    contact = read_contact(typed)
    assert (contact.channel, contact.value) == (Channel.PHONE, value)


def test_a_number_without_country_code_is_read_in_the_city_s_region() -> None:
    assert read_contact("06 12 34 56 78", region="FR").value == "+33612345678"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("Lin@Example.ORG", "lin@example.org"),
        (" a.b+bacao@mail.example.co.uk ", "a.b+bacao@mail.example.co.uk"),
        ("ｌｉｎ＠example.org", "lin@example.org"),
        ("林@例子.公司", "林@例子.公司"),
    ],
)
def test_email_addresses_become_lower_case(typed: str, value: str) -> None:
    contact = read_contact(typed)
    assert (contact.channel, contact.value) == (Channel.EMAIL, value)


@pytest.mark.parametrize(
    "typed",
    [
        "", "   ", "hello", "12345", "1380013800", "138001380000", "0571 8765 4321", "110", "+1 900 555 0123",
        "a@b", "@example.org", "a@@example.org", "a b@example.org", "a@-example.org", "a@example..org",
        "a@example.org\nbcc: b@example.org", "x" * 250 + "@example.org", "<a@example.org>",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(NotAContact) as refused:
        read_contact(typed)
    assert "+" in refused.value.text.zh
    assert "+" in refused.value.text.en


def test_a_masked_contact_keeps_what_its_owner_needs_and_no_more() -> None:
    assert read_contact("13800138000").masked == "+86 138****8000"
    assert read_contact("linlin@example.org").masked == "l***@example.org"


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "１２３４５６", "码：123456"])
def test_a_code_is_read_however_it_was_pasted(typed: str) -> None:
    assert codes.read_code(typed) == "123456"


def test_a_code_s_digest_depends_on_secret_and_row_and_is_no_plain_hash() -> None:
    one = codes.digest_of_code(secret="s", code_id="1", digits="123456")
    assert one == codes.digest_of_code(secret="s", code_id="1", digits="123456")
    assert one != codes.digest_of_code(secret="t", code_id="1", digits="123456")
    assert one != codes.digest_of_code(secret="s", code_id="2", digits="123456")
    assert one != hashlib.sha256(b"sign-in:1:123456").hexdigest()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("garbage", "unknown"),
    ],
)
def test_a_network_is_what_one_subscriber_holds(address: str, network: str) -> None:
    assert codes.network_of(address) == network


@pytest.mark.parametrize(
    ("typed", "name"),
    [("  小  鹿 ", "小 鹿"), ("Li\u200bn", "Lin"), ("\u202eniL", "niL"), ("a" * 40, "a" * 40)],
)
def test_a_name_is_what_can_be_seen_of_it(typed: str, name: str) -> None:
    assert rules.read_name(typed) == name


@pytest.mark.parametrize("typed", ["", "   ", "\u200b\u200b", "a" * 41])
def test_a_name_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(NameRefused):
        rules.read_name(typed)


@pytest.mark.parametrize("other", ["拔草官方", "拔草·官方", " 拔草 官方 ", "拔草官方！"])
def test_names_that_look_alike_have_the_same_key(other: str) -> None:
    assert rules.name_key(other) == rules.name_key("拔草官方")


def test_waiting_times_are_whole_minutes_and_never_none() -> None:
    assert [codes.minutes_of(seconds) for seconds in (0.2, 60, 61, 360)] == [1, 1, 2, 6]
