"""Writes of the counter: codes, redemptions, undos, and the loading of a history."""

from .attempts import Answer, CannotRedeem, KeyMismatch, Row
from .clerks import (
    NoSuchClerk,
    OnlyOwner,
    PinLocked,
    PinTooSimple,
    PinWrong,
    add_clerk,
    change_pin,
    check_pin,
    end_clerk,
    free_clerk,
)
from .codes import ensure_codes
from .devices import (
    DigitsWrong,
    EnrolmentOver,
    NoSuchCounter,
    NotOwner,
    agree_device,
    create_stand,
    create_till,
    enrol_device,
    refuse_device,
    revoke_device,
)
from .drills import drill
from .examining import Waiting, WrongShape
from .loading import RedemptionRow, load_redemptions
from .logins import Envelope, NotAgreed, NotThisCounter, Revoked, SignatureWrong, SignedOut
from .manifests import RowsMissing, ask_lease, issue_manifest, keep_anchors, return_leases
from .redeeming import MoreNeeded, prepare, redeem_own, redeem_row, redeem_voucher
from .tries import TooFast, TooManyTries
from .undoing import undo_redemption, undo_row

__all__ = [
    "Answer",
    "CannotRedeem",
    "DigitsWrong",
    "EnrolmentOver",
    "Envelope",
    "KeyMismatch",
    "MoreNeeded",
    "NoSuchClerk",
    "NoSuchCounter",
    "NotAgreed",
    "NotOwner",
    "NotThisCounter",
    "OnlyOwner",
    "PinLocked",
    "PinTooSimple",
    "PinWrong",
    "RedemptionRow",
    "Revoked",
    "Row",
    "RowsMissing",
    "SignatureWrong",
    "SignedOut",
    "TooFast",
    "TooManyTries",
    "Waiting",
    "WrongShape",
    "add_clerk",
    "agree_device",
    "ask_lease",
    "change_pin",
    "check_pin",
    "create_stand",
    "create_till",
    "drill",
    "end_clerk",
    "enrol_device",
    "ensure_codes",
    "free_clerk",
    "issue_manifest",
    "keep_anchors",
    "load_redemptions",
    "prepare",
    "redeem_own",
    "redeem_row",
    "redeem_voucher",
    "refuse_device",
    "return_leases",
    "revoke_device",
    "undo_redemption",
    "undo_row",
]
