"""Writes of the ledger: transactions, claims on amounts, and budgets made of both."""

from .budgets import allocate_budget, open_period
from .pendings import (
    AlreadyExpired,
    AlreadyPosted,
    AlreadyResolved,
    AlreadyVoided,
    PostedTooMuch,
    expire_pendings,
    pend,
    post_pendings,
    void_pendings,
)
from .posting import AlreadyReversed, DifferentContent, LimitReached, open_account, post, post_many, reverse

__all__ = [
    "AlreadyExpired",
    "AlreadyPosted",
    "AlreadyResolved",
    "AlreadyReversed",
    "AlreadyVoided",
    "DifferentContent",
    "LimitReached",
    "PostedTooMuch",
    "allocate_budget",
    "expire_pendings",
    "open_account",
    "open_period",
    "pend",
    "post",
    "post_many",
    "post_pendings",
    "reverse",
    "void_pendings",
]
