"""Writes of the counter: codes, redemptions, undos, and the loading of a history."""

from .arriving import note_bill, take_bill_back
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
    count_missing_rows,
    create_stand,
    create_till,
    enrol_device,
    refuse_device,
    revoke_device,
)
from .drills import drill
from .examining import Waiting, WrongShape
from .incidents import (
    NoSuchIncident,
    Presence,
    ReportedBefore,
    TooLateToAnswer,
    answer_incident,
    decide_due,
    decide_incident,
    report_trouble,
)
from .loading import RedemptionRow, load_redemptions
from .logins import Envelope, NotAgreed, NotThisCounter, Revoked, SignatureWrong, SignedOut
from .manifests import RowsMissing, ask_lease, ask_leases_of, issue_manifest, keep_anchors, return_leases
from .policies import set_offer_policy, set_shop_policy
from .redeeming import MoreNeeded, prepare, redeem_own, redeem_row, redeem_voucher
from .refunding import fulfil_wishes, refund_expired, refund_voucher, refund_withdrawn
from .shop_code import CodeOld, NoSuchShop, NotYourVoucher, agree, get_counter_of_code, redeem_at_shop
from .tries import TooFast, TooManyTries
from .undoing import undo_redemption, undo_row

__all__ = [
    "Answer",
    "CannotRedeem",
    "CodeOld",
    "DigitsWrong",
    "EnrolmentOver",
    "Envelope",
    "KeyMismatch",
    "MoreNeeded",
    "NoSuchClerk",
    "NoSuchCounter",
    "NoSuchIncident",
    "NoSuchShop",
    "NotAgreed",
    "NotOwner",
    "NotThisCounter",
    "NotYourVoucher",
    "OnlyOwner",
    "PinLocked",
    "PinTooSimple",
    "PinWrong",
    "Presence",
    "RedemptionRow",
    "ReportedBefore",
    "Revoked",
    "Row",
    "RowsMissing",
    "SignatureWrong",
    "SignedOut",
    "TooFast",
    "TooLateToAnswer",
    "TooManyTries",
    "Waiting",
    "WrongShape",
    "add_clerk",
    "agree",
    "agree_device",
    "answer_incident",
    "ask_lease",
    "ask_leases_of",
    "change_pin",
    "check_pin",
    "count_missing_rows",
    "create_stand",
    "create_till",
    "decide_due",
    "decide_incident",
    "drill",
    "end_clerk",
    "enrol_device",
    "ensure_codes",
    "free_clerk",
    "fulfil_wishes",
    "get_counter_of_code",
    "issue_manifest",
    "keep_anchors",
    "load_redemptions",
    "note_bill",
    "prepare",
    "redeem_at_shop",
    "redeem_own",
    "redeem_row",
    "redeem_voucher",
    "refund_expired",
    "refund_voucher",
    "refund_withdrawn",
    "refuse_device",
    "report_trouble",
    "return_leases",
    "revoke_device",
    "set_offer_policy",
    "set_shop_policy",
    "take_bill_back",
    "undo_redemption",
    "undo_row",
]
