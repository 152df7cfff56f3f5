"""Writes of the counter: codes, redemptions, undos, and the loading of a history."""

from .attempts import Answer, CannotRedeem, KeyMismatch
from .codes import ensure_codes
from .examining import WrongShape
from .loading import RedemptionRow, load_redemptions
from .redeeming import MoreNeeded, prepare, redeem_voucher
from .tries import TooManyTries
from .undoing import undo_redemption

__all__ = [
    "Answer",
    "CannotRedeem",
    "KeyMismatch",
    "MoreNeeded",
    "RedemptionRow",
    "TooManyTries",
    "WrongShape",
    "ensure_codes",
    "load_redemptions",
    "prepare",
    "redeem_voucher",
    "undo_redemption",
]
