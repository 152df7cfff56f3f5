"""The only path by which amounts move in the books: post, post many, reverse."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bacao.kit.prepared import Prepared
from bacao.ledger import rules
from bacao.ledger.models import Transaction
from bacao.ledger.queries import list_lines
from bacao.ledger.rules import Credit, Debit, Posting

# One statement books any number of transactions with their entries. A transaction that exists is left alone and
# brings no entries. Triggers keep the rest: books, sums, limits at once; balance and completeness at commit.
# The subselects keep it linear: the planner knows nothing of the size of the arrays and would choose nested loops.
BOOK_TEXT = """
    WITH booked AS (
        INSERT INTO ledger_transaction
            (id, book, kind, content_hash, origin, reverses_id, effective_at, entry_count)
        SELECT * FROM unnest(
            %(id)s::uuid[], %(book)s::text[], %(kind)s::text[], %(hash)s::bytea[], %(origin)s::text[]::jsonb[],
            %(reverses)s::uuid[], %(effective_at)s::timestamptz[], %(count)s::int[]
        )
        ON CONFLICT DO NOTHING
        RETURNING id
    ), lines AS (
        INSERT INTO ledger_entry (transaction_id, account_id, side, amount_minor)
        SELECT id, (SELECT a.id FROM ledger_account a WHERE a.book = line.book AND a.code = line.code), side, amount
        FROM unnest(
            %(of)s::uuid[], %(of_book)s::text[], %(code)s::text[], %(side)s::text[], %(amount)s::bigint[]
        ) WITH ORDINALITY AS line (id, book, code, side, amount, position)
        WHERE id IN (SELECT id FROM booked)
        ORDER BY position
    )
    SELECT id FROM booked
"""
BOOK = Prepared(
    "bacao_book",
    BOOK_TEXT,
    {
        "id": "uuid[]", "book": "text[]", "kind": "text[]", "hash": "bytea[]", "origin": "text[]",
        "reverses": "uuid[]", "effective_at": "timestamptz[]", "count": "int4[]", "of": "uuid[]", "of_book": "text[]",
        "code": "text[]", "side": "text[]", "amount": "bigint[]",
    },
)  # fmt: skip
OPEN = Prepared(
    "bacao_open_accounts",
    """
    INSERT INTO ledger_account
        (book, code, "limit", debit_minor, credit_minor, pending_debit_minor, pending_credit_minor)
    SELECT book, code, kept, 0, 0, 0, 0
    FROM unnest(%(book)s, %(code)s, %(limit)s) WITH ORDINALITY AS wanted (book, code, kept, position)
    WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.book = wanted.book AND a.code = wanted.code)
    ORDER BY position ON CONFLICT DO NOTHING
    """,
    {"book": "text[]", "code": "text[]", "limit": "text[]"},
)
ROOM_OF = """
    SELECT code, CASE "limit" WHEN 'debit_at_most_credit' THEN credit_minor - debit_minor - pending_debit_minor
        ELSE debit_minor - credit_minor - pending_credit_minor END AS room
    FROM ledger_account WHERE book = %(book)s AND code = ANY(%(code)s)
"""
LOCK_ROOMS = Prepared(
    "bacao_lock_rooms", f"{ROOM_OF} ORDER BY id FOR NO KEY UPDATE", {"book": "text", "code": "text[]"}
)
# Locks only where all accounts are open already: accounts are opened before any is locked, or two could wait in a ring.
LOCK_IF_OPEN = Prepared(
    "bacao_lock_if_open",
    f"""
    SELECT open.all, locked.* FROM (
        SELECT count(*) = cardinality(%(all)s) AS all FROM ledger_account WHERE book = %(book)s AND code = ANY(%(all)s)
    ) open LEFT JOIN LATERAL ({ROOM_OF} AND open.all ORDER BY id FOR NO KEY UPDATE) locked ON true
    """,  # noqa: S608  # made of a constant
    {"book": "text", "code": "text[]", "all": "text[]"},
)


class DifferentContent(Exception):
    """The id was booked before with other content; nothing was changed (IN5)."""


class LimitReached(Exception):
    """An account has less room than a posting needs; nothing was changed (IN4)."""

    def __init__(self, code: str, wanted_minor: int, room_minor: int) -> None:
        self.code, self.wanted_minor, self.room_minor = code, wanted_minor, room_minor
        super().__init__(f"{code} has room for {room_minor}, not for {wanted_minor}")


class AlreadyReversed(Exception):
    """The transaction was reversed before, by another one (IN6)."""


def post(
    *,
    id: UUID,
    kind: str,
    entries: Sequence[Debit | Credit],
    origin: dict[str, Any],
    effective_at: datetime,
    book: str = "cny",
) -> bool:
    """Book one transaction inside the caller's database transaction; accounts are opened as needed.

    Entries of 0 are left out. Takes two SQL statements, more where an account is opened.

    :returns: True if it was booked, False if the same id with the same content had been booked before.
    :raises Unbalanced: if the sides differ, nothing is to be booked, or an amount is negative.
    :raises UnknownAccount: if a code is none of the chart of accounts.
    :raises LimitReached: if an account has too little room.
    :raises DifferentContent: if the id stands for something else.
    """
    posting = Posting(id=id, kind=kind, entries=entries, origin=origin, effective_at=effective_at, book=book)
    return post_many(postings=[posting]) == 1


def reverse(*, id: UUID, reverses: UUID, kind: str, origin: dict[str, Any], effective_at: datetime) -> bool:
    """Book the mirror image of a whole transaction, once.

    :returns: as `post`.
    :raises AlreadyReversed: if another transaction reversed it before.
    :raises Transaction.DoesNotExist: if there is nothing to reverse.
    """
    book = Transaction.objects.values_list("book", flat=True).get(pk=reverses)
    entries = rules.mirrored(list_lines(reverses))
    return post_many(postings=[Posting(id, kind, entries, effective_at, origin, book, reverses)]) == 1


def post_many(*, postings: Sequence[Posting]) -> int:
    """Book transactions inside the caller's database transaction; made for loading a history, and the path of `post`.

    Limits are kept for the whole, not between one posting and the next.

    :returns: how many were new.
    :raises Unbalanced, UnknownAccount, LimitReached, DifferentContent, AlreadyReversed: as `post` and `reverse`.
    """
    assert connection.in_atomic_block, "book in the transaction of what it pays for"
    for posting in postings:
        rules.check_posting(posting)
    hashes = {posting.id: rules.content_hash(posting) for posting in postings}
    assert len(hashes) == len(postings), "the same id twice in one call"
    try:
        _check_room(postings)
    except LimitReached:
        # A repeated posting finds the room used up by itself.
        unbooked = _find_unbooked(postings, hashes)
        if len(unbooked) == len(postings):
            raise
        return post_many(postings=unbooked)
    booked = _book(postings, hashes)
    if len(booked) < len(postings):
        left = _find_unbooked([posting for posting in postings if posting.id not in booked], hashes)
        assert not left, "the table left alone what it does not have"
    return len(booked)


def open_account(*, code: str) -> None:
    """Open an account of the book of money where it is not open yet: claiming, unlike posting, opens none by itself."""
    OPEN.run({"book": [rules.MONEY], "code": [code], "limit": [rules.limit_of(code)]})


def _open_accounts(postings: Sequence[Posting]) -> None:
    """Insert the accounts that are not there yet; in the order of their codes, so that two openers cannot deadlock."""
    codes = sorted({(posting.book, line.code) for posting in postings for line in posting.lines})
    books, names = [book for book, _ in codes], [code for _, code in codes]
    OPEN.run({"book": books, "code": names, "limit": [rules.limit_of(code) for code in names]})


def _check_room(postings: Sequence[Posting]) -> None:
    """Open the accounts, lock the limited ones that lose room, in the order of their ids, and see that each has enough.

    The guard that cannot be passed is the table's own (trigger and check); this one answers in words and leaves
    the caller's transaction usable.
    """
    books = sorted({posting.book for posting in postings})
    lines = {book: [line for posting in postings if posting.book == book for line in posting.lines] for book in books}
    strains = {book: rules.strain_of(lines[book]) for book in books}
    rooms = _lock_if_open(books[0], strains[books[0]], lines[books[0]]) if len(books) == 1 else None
    if rooms is None:
        _open_accounts(postings)
    for book, strain in strains.items():
        found = rooms if rooms is not None else lock_rooms(book, strain) if strain else {}
        for code, wanted in strain.items():
            if wanted > found[code]:
                raise LimitReached(code, wanted, found[code])


def _lock_if_open(book: str, strain: Mapping[str, int], lines: Sequence[Debit | Credit]) -> dict[str, int] | None:
    """Return the room of the accounts that lose some, locked; None where an account of the lines is not open yet."""
    codes = {line.code for line in lines}
    rows = LOCK_IF_OPEN.run({"book": book, "code": list(strain), "all": list(codes)})
    return {code: room for _, code, room in rows if code is not None} if rows[0][0] else None


def lock_rooms(book: str, codes: Collection[str]) -> dict[str, int]:
    """Lock limited accounts in the order of their ids and return the room of each; 0 where there is no such account.

    What is pending takes room and gives none.
    """
    return dict.fromkeys(codes, 0) | dict(LOCK_ROOMS.run({"book": book, "code": list(codes)}))


def _book(postings: Sequence[Posting], hashes: dict[UUID, bytes]) -> set[UUID]:
    """Write transactions and entries; return the ids that were new."""
    lines = [(posting, line) for posting in postings for line in posting.lines]
    booked = BOOK.run(
        {
            "id": [posting.id for posting in postings],
            "book": [posting.book for posting in postings],
            "kind": [posting.kind for posting in postings],
            "hash": [hashes[posting.id] for posting in postings],
            "origin": [json.dumps(posting.origin, default=str) for posting in postings],
            "reverses": [posting.reverses for posting in postings],
            "effective_at": [posting.effective_at for posting in postings],
            "count": [len(posting.lines) for posting in postings],
            "of": [posting.id for posting, _ in lines],
            "of_book": [posting.book for posting, _ in lines],
            "code": [line.code for _, line in lines],
            "side": [line.side for _, line in lines],
            "amount": [line.amount_minor for _, line in lines],
        }
    )
    return {id for (id,) in booked}


def _find_unbooked(postings: Sequence[Posting], hashes: dict[UUID, bytes]) -> list[Posting]:
    """Return the postings that could still be booked.

    :raises DifferentContent: if one was booked with other content.
    :raises AlreadyReversed: if one would reverse what another one reversed.
    """
    found = dict(Transaction.objects.filter(pk__in=[p.id for p in postings]).values_list("id", "content_hash"))
    for id, content_hash in found.items():
        if bytes(content_hash) != hashes[id]:
            raise DifferentContent(f"transaction {id} was booked before with other content")
    unbooked = [posting for posting in postings if posting.id not in found]
    for reversed in Transaction.objects.filter(reverses__in=[p.reverses for p in unbooked if p.reverses]):
        raise AlreadyReversed(f"transaction {reversed.reverses_id} was reversed before by {reversed.pk}")
    return unbooked
