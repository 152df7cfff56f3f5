"""Amounts claimed now and decided later: pend, then post, void or expire, once (money.md, IN3).

Words and meaning follow TigerBeetle's two-phase transfers.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from django.db import connection

from bacao.ledger import rules
from bacao.ledger.models import Pending, Resolution
from bacao.ledger.rules import Transfer

from .posting import DifferentContent, LimitReached, lock_rooms, post_many

PEND = """
    INSERT INTO ledger_pending (id, debit_id, credit_id, amount_minor, kind, content_hash, origin, effective_at)
    SELECT id, (SELECT a.id FROM ledger_account a WHERE a.book = claim.book AND a.code = claim.debit),
        (SELECT a.id FROM ledger_account a WHERE a.book = claim.book AND a.code = claim.credit),
        amount, kind, hash, origin, effective_at
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bytea[], %s::jsonb[],
        %s::timestamptz[]) AS claim (id, book, debit, credit, amount, kind, hash, origin, effective_at)
    ON CONFLICT DO NOTHING
    RETURNING id
"""
RESOLVE = """
    INSERT INTO ledger_resolution (pending_id, outcome, transaction_id, resolved_at)
    SELECT pending, %s, posted, %s FROM unnest(%s::uuid[], %s::uuid[]) AS resolved (pending, posted) ORDER BY pending
    ON CONFLICT (pending_id) DO NOTHING
    RETURNING pending_id
"""


class PostedTooMuch(ValueError):
    """More would be posted than was pending; nothing was changed (IN3)."""


class AlreadyResolved(Exception):
    """The pending ended before in another way; nothing was changed (IN3)."""


class AlreadyPosted(AlreadyResolved):
    """It was posted."""


class AlreadyVoided(AlreadyResolved):
    """It was voided."""


class AlreadyExpired(AlreadyResolved):
    """It expired."""


ENDED = {"posted": AlreadyPosted, "voided": AlreadyVoided, "expired": AlreadyExpired}


def pend(*, transfers: Sequence[Transfer]) -> int:
    """Claim amounts inside the caller's database transaction, all of them or none; the accounts exist already.

    Two statements: the accounts that lose room are locked in the order of their ids, then the claims are written.

    :returns: how many were new; a claim that exists with the same content is left alone
    :raises LimitReached: an account has less room than is wanted; nothing was changed
    :raises DifferentContent: an id stands for something else
    """
    assert connection.in_atomic_block, "claim in the transaction of what it is for"
    claims = [transfer for transfer in transfers if transfer.amount_minor]
    postings = [claim.as_posting(claim.id, claim.kind, claim.effective_at) for claim in claims]
    for posting in postings:
        rules.check_posting(posting)
    hashes = {posting.id: rules.content_hash(posting) for posting in postings}
    try:
        for book in sorted({claim.book for claim in claims}):
            strain = rules.strain_of([line for posting in postings if posting.book == book for line in posting.lines])
            rooms = lock_rooms(book, strain)
            for code, wanted in strain.items():
                if wanted > rooms[code]:
                    raise LimitReached(code, wanted, rooms[code])
    except LimitReached:
        # A repeated claim finds the room used up by itself.
        known = _known(hashes)
        if not known:
            raise
        return pend(transfers=[claim for claim in claims if claim.id not in known])
    columns = [
        (
            claim.id, claim.book, claim.debit, claim.credit, claim.amount_minor, claim.kind, hashes[claim.id],
            json.dumps(claim.origin, default=str), claim.effective_at,
        )
        for claim in claims
    ]  # fmt: skip
    if not columns:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(PEND, [list(column) for column in zip(*columns, strict=True)])
        new = {id for (id,) in cursor.fetchall()}
    if len(new) < len(claims):
        _known({id: content_hash for id, content_hash in hashes.items() if id not in new})
    return len(new)


def _known(hashes: Mapping[UUID, bytes]) -> set[UUID]:
    """Return which claims exist. :raises DifferentContent: if one of them says something else"""
    found = dict(Pending.objects.filter(pk__in=hashes).values_list("id", "content_hash"))
    for id, content_hash in found.items():
        if bytes(content_hash) != hashes[id]:
            raise DifferentContent(f"pending {id} was claimed before with other content")
    return set(found)


def post_pendings(*, amounts: Mapping[UUID, int | None], kind: str, at: datetime) -> int:
    """Book claims for good: by pending id the amount, None = all of it; what is not posted returns.

    :returns: how many ended now; one that was posted before with the same amount is left alone
    :raises PostedTooMuch: more than was pending
    :raises AlreadyVoided, AlreadyExpired: it had ended otherwise
    :raises AlreadyPosted: it had been posted with another amount
    :raises Pending.DoesNotExist:
    """
    return _resolve(Resolution.Outcome.POSTED, amounts, kind, at)


def void_pendings(*, ids: Collection[UUID], at: datetime) -> int:
    """Give claims back because what they were for does not happen.

    :returns: how many ended now; one that was voided before is left alone
    :raises AlreadyPosted, AlreadyExpired, Pending.DoesNotExist:
    """
    return _resolve(Resolution.Outcome.VOIDED, dict.fromkeys(ids), "", at)


def expire_pendings(*, ids: Collection[UUID], at: datetime) -> int:
    """Give claims back because their time ran out; as `void_pendings`."""
    return _resolve(Resolution.Outcome.EXPIRED, dict.fromkeys(ids), "", at)


def _resolve(outcome: str, amounts: Mapping[UUID, int | None], kind: str, at: datetime) -> int:
    assert connection.in_atomic_block, "resolve in the transaction of what it is for"
    if not amounts:
        return 0
    rows = Pending.objects.select_related("debit", "credit", "resolution").in_bulk(list(amounts))
    if missing := set(amounts) - set(rows):
        raise Pending.DoesNotExist(f"nothing is pending under {missing}")
    for id, pending in rows.items():
        if not 0 < (amounts[id] or pending.amount_minor) <= pending.amount_minor:
            raise PostedTooMuch(f"{amounts[id]} of {pending.amount_minor} pending under {id}")
    posted = {id: uuid5(id, "posted") if outcome == Resolution.Outcome.POSTED else None for id in rows}
    with connection.cursor() as cursor:
        cursor.execute(RESOLVE, [outcome, at, list(posted), list(posted.values())])
        ended = {id for (id,) in cursor.fetchall()}
    _check_ended(outcome, {id: amounts[id] for id in rows if id not in ended})
    if outcome == Resolution.Outcome.POSTED and ended:
        post_many(postings=[_transfer(rows[id]).as_posting(uuid5(id, "posted"), kind, at, amounts[id]) for id in ended])
    return len(ended)


def _check_ended(outcome: str, amounts: Mapping[UUID, int | None]) -> None:
    """See that what had ended before ended in the same way. :raises AlreadyResolved:"""
    rows = Resolution.objects.filter(pk__in=amounts).select_related("pending").prefetch_related("transaction__entries")
    for row in rows if amounts else []:
        if row.outcome != outcome:
            raise ENDED[row.outcome](f"pending {row.pk} was {row.outcome} before")
        if row.transaction:
            booked = row.transaction.entries.all()[0].amount_minor
            if booked != (amounts[row.pk] or row.pending.amount_minor):
                raise AlreadyPosted(f"pending {row.pk} was posted before with {booked}")


def _transfer(pending: Pending) -> Transfer:
    return Transfer(
        id=pending.pk,
        kind=pending.kind,
        debit=pending.debit.code,
        credit=pending.credit.code,
        amount_minor=pending.amount_minor,
        effective_at=pending.effective_at,
        origin=pending.origin,
        book=pending.debit.book,
    )
