"""Who speaks: the device of a login; and whether a row is truly of the phone that it names (RD40, RD58)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F

from bacao.kit.prepared import Prepared
from bacao.kit.text import Refused, Text
from bacao.redemption import rules
from bacao.redemption.models import Attempt, Counter

from .attempts import Row
from .tenancy import ROLE, leave_counter
from .tries import TooFast

ROWS_A_MINUTE = 60

# The login, the limit, the contact and the tenant in one statement; the limit is given back where nothing is committed.
STATEMENT = f"""
    UPDATE redemption_counter SET contact_at = %(at)s, tokens_at = greatest(tokens_at, %(at)s), tokens =
        least(%(most)s, tokens + %(most)s / 60.0 * greatest(0, extract(epoch FROM %(at)s - tokens_at))) - 1
    WHERE id = %(id)s AND secret_hash = %(secret)s
    RETURNING merchant_id, place_id, kind, public_key, agreed_at IS NOT NULL, revoked_at IS NOT NULL, tokens,
        set_config('app.merchant', merchant_id::text, true), set_config('role', '{ROLE}', true)
"""  # noqa: S608  # made of a constant
LET_IN = Prepared("bacao_let_in", STATEMENT, {"at": "timestamptz", "most": "float8", "id": "uuid", "secret": "bytea"})


class SignedOut(Refused):
    """There is no such login."""

    code = "signed_out"
    text = Text("这台设备没有登记，请店长同意。", "This device is not enrolled; the owner has to let it in.")
    status = 401


class NotAgreed(Refused):
    """The owner has not answered yet, or turned it away."""

    code = "not_agreed"
    text = Text("等店长同意这台设备。", "Waiting for the owner to let this device in.")
    status = 401


class Revoked(Refused):
    """The owner ended this device."""

    code = "revoked"
    text = Text(
        "这台设备已解绑，请店长重新同意；记录都还在。", "This device was removed; its rows are kept. Ask the owner."
    )
    status = 401


class SignatureWrong(Refused):
    """A row that its phone did not sign."""

    code = "signature_wrong"
    text = Text(
        "这条记录的签名不对，请店长看「设备」。", "The signature of this row is wrong; the owner looks at Devices."
    )
    status = 401


class NotThisCounter(Refused):
    """A device named a place that is not its own."""

    code = "not_this_counter"
    text = Text("这台设备不在那家店。", "This device does not stand at that shop.")
    status = 403


@dataclass(frozen=True, slots=True)
class Login:
    """An agreed device, as one statement reads it."""

    counter_id: UUID
    merchant_id: int
    place_id: int
    kind: str
    public_key: bytes
    too_fast: bool


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around the body of a row: its headers, and when it was pressed."""

    key: UUID
    body: bytes
    number: int = 0
    signature: bytes = b""
    maker: UUID | None = None
    served_at: datetime | None = None
    pressed_at: datetime | None = None
    served_by_id: int | None = None


def let_in(*, counter_id: UUID, secret_hash: bytes, at: datetime) -> Login:
    """Return the device of a login and become its counter, inside a `counter_transaction(None)`; one statement.

    `too_fast` = it sent more than 60 rows within a minute: `check_pace` decides.
    :raises SignedOut, NotAgreed, Revoked:
    """
    rows = LET_IN.run({"id": counter_id, "secret": secret_hash, "at": at, "most": ROWS_A_MINUTE})
    if not rows:
        raise SignedOut
    row = rows[0]
    check_agreed(row[4], row[5])
    return Login(counter_id, row[0], row[1], row[2], bytes(row[3] or b""), row[6] < 0)


def check_pace(login: Login, key: UUID) -> None:
    """Accept a row of a device that does not send too many; one whose key was seen is always answered (RD58).

    :raises TooFast: more than 60 rows a minute
    """
    if login.too_fast and not Attempt.objects.filter(merchant=login.merchant_id, key=key).exists():
        raise TooFast


def give_back_pace(row: Row | None) -> None:
    """Do not count a row whose key was seen before; the rest of the transaction is the house's."""
    if row is not None and row.login_id is not None:
        leave_counter()
        Counter.objects.filter(pk=row.login_id).update(tokens=F("tokens") + 1)


def check_agreed(agreed: bool, revoked: bool) -> None:
    """Accept a device that counts. :raises NotAgreed, Revoked:"""
    if revoked:
        raise Revoked
    if not agreed:
        raise NotAgreed


def open_row(login: Login, envelope: Envelope) -> Row:
    """Return what a device says beside the body, its signature checked; a till neither numbers nor signs.

    A row may be of an earlier, revoked enrolment of the phone that brings it (RD50).
    :raises SignatureWrong: a phone's row without its number and signature
    """
    counter_id, public_key, revoked_at = login.counter_id, login.public_key, None
    if login.kind != Counter.Kind.PHONE:
        return Row(login.counter_id, served_by_id=envelope.served_by_id, login_id=login.counter_id)
    if envelope.maker and envelope.maker != login.counter_id:
        maker = Counter.objects.filter(pk=envelope.maker, merchant=login.merchant_id, place=login.place_id).first()
        if maker is None or maker.public_key is None:
            raise SignatureWrong
        counter_id, public_key, revoked_at = maker.pk, bytes(maker.public_key), maker.revoked_at
    message = rules.signed_part(envelope.key, counter_id, envelope.number, envelope.body)
    if envelope.number < 1 or not rules.is_signed(public_key, envelope.signature, message):
        raise SignatureWrong
    return Row(
        counter_id,
        number=envelope.number,
        signature=envelope.signature,
        pressed_at=envelope.pressed_at,
        served_at=envelope.served_at,
        revoked_at=revoked_at,
        served_by_id=envelope.served_by_id,
        login_id=login.counter_id,
        body=envelope.body,
    )
