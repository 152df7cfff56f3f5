"""What the counter says, each case in one sentence that its reader can act on (redemption.md, section 13)."""

from datetime import datetime

from bacao.kit.text import Text
from bacao.offers.rules import say_amount

NOT_FOUND = Text(
    "不是本店的券，请客人打开卡包里本店的那一张。",
    "Not a voucher of this shop; ask the guest to open the one for this shop.",
)
FORGED = Text(
    "码不对，请客人刷新页面，或输 12 位数字。",
    "This code does not add up; ask the guest to reload it, or type the 12 digits.",
)
OLD = Text(
    "截图或过时的码，请客人打开卡包里的新码。",
    "A screenshot or an old code; ask the guest to open the live one in the wallet.",
)
EARLY = Text(
    "客人手机的时间不对，请刷新页面，或输 12 位数字。",
    "The guest's phone has the wrong time; reload it, or type the 12 digits.",
)
REPLAYED = Text(
    "这个码刚用过，请等客人手机上的新码（不到 30 秒）。",
    "This code was just used; wait for the next one on the guest's phone (under 30 s).",
)
REFUNDED = Text(
    "这张券已经退款，请按原价收，或请客人另买。",
    "This voucher was refunded; charge the normal price, or the guest buys another.",
)
TOO_MANY_CYCLES = Text(
    "这张券已撤销 10 次，请客人在卡包里退款。",
    "This voucher was undone 10 times; the guest can get a refund in the wallet.",
)
TOO_MANY_TRIES = Text("输错太多次，请 1 分钟后再试，或扫码。", "Too many wrong codes; try again in a minute, or scan.")
TOO_FAST = Text("太快了，稍等几秒会自动再试。", "Too fast; it is tried again in a few seconds by itself.")
TYPED_WRONG = Text("号码有误，请再念一遍。", "These digits do not match; have them read again.")
NO_CODE = Text("这不是拔草的券码。", "This is not a Bacao code.")
TYPED_ALONE = Text(
    "没有网络时输的号码不算数：请客人扫码，或再输一次。",
    "Digits that were typed without network do not count; scan the code, or type them again.",
)
BILL_NEEDED = Text("请输入账单金额。", "Type the amount of the bill.")
USES_NEEDED = Text("这次用几次？", "How many uses this time?")
KEY_MISMATCH = Text(
    "这次请求与先前的不一致，请重新扫码。", "This request differs from an earlier one with the same key; scan again."
)
DEVICE_COPIED = Text(
    "这台手机好像被复制了：离线核销已停用，请店长看「设备」。",
    "This phone seems to be copied: it serves online only now; the owner looks under Devices.",
)
WAITING_FOR_MEMBER = Text(
    "等客人在手机上点「给店员看」。", "Waiting for the guest to press Show to the clerk on their phone."
)
WAITING_FOR_COUNTER = Text("正在问本店另一台手机，几秒就好。", "Asking the other phone of this shop; a few seconds.")
TOO_FEW_VOUCHERS = Text("这单没有这么多张可用的券。", "This order has fewer vouchers left.")
UNDO_UNKNOWN = Text("没有找到这笔核销。", "There is no such redemption at this shop.")
UNDONE = Text("券又能用了，客人手机上会换新码。", "The voucher lives again, with a new code on the guest's phone.")
ALREADY_UNDONE = Text("这笔已经撤销过了，券可以再用。", "This was undone already; the voucher can be used again.")
TOO_LATE = Text(
    "已过 60 分钟，不能撤销；请为客人办退款。", "More than 60 minutes have passed; give the guest a refund instead."
)

WEEKDAYS = Text("一二三四五六日", "Mon Tue Wed Thu Fri Sat Sun")


def say_when(then: datetime, now: datetime) -> Text:
    """Return an instant as people say it on the day of `now`; both in the shop's time zone."""
    clock, days = f"{then:%H:%M}", (now.date() - then.date()).days
    if days == 0:
        return Text(f"今天 {clock}", f"{clock} today")
    if days == 1:
        return Text(f"昨天 {clock}", f"{clock} yesterday")
    if days == -1:
        return Text(f"明天 {clock}", f"{clock} tomorrow")
    if -7 < days < 0:
        return Text(f"周{WEEKDAYS.zh[then.weekday()]} {clock}", f"{WEEKDAYS.en.split()[then.weekday()]} {clock}")
    return Text(f"{then.month} 月 {then.day} 日 {clock}", f"{then:%b} {then.day}, {clock}")


def already_redeemed(when: Text, place: Text, clerk: str) -> Text:
    """Return when, where and by whom a voucher was used."""
    by_zh, by_en = (f"（{clerk}）", f" by {clerk}") if clerk else ("", "")
    return Text(
        f"{when.zh} 已在{place.zh}核销{by_zh}，不要再给一次。",
        f"Already redeemed at {when.en} at {place.en}{by_en}; do not hand it over again.",
    )


def expired(until: Text) -> Text:
    """Return that a voucher is past its last day, and what becomes of the money."""
    return Text(f"{until.zh} 已过期，钱会自动退给客人。", f"It expired at {until.en}; the guest is refunded by itself.")


def wrong_shop(place: Text) -> Text:
    """Return which shop of the merchant a voucher is for."""
    return Text(f"这张券要在{place.zh}用，不是这家店。", f"This voucher is for {place.en}, not for this shop.")


def not_now(hours: str, next_start: Text | None) -> Text:
    """Return that a voucher is outside its weekly hours, and when it can be used next."""
    if next_start is None:
        return Text(f"现在不能用：可用时段 {hours}。", f"It cannot be used now; its hours are {hours}.")
    return Text(f"现在不能用，下次可用：{next_start.zh}。", f"It cannot be used now; the next time is {next_start.en}.")


def below_threshold(threshold_minor: int, bill_minor: int) -> Text:
    """Return how much is missing to the bill that an offer asks for."""
    missing = say_amount(threshold_minor - bill_minor)
    return Text(
        f"满 {say_amount(threshold_minor)} 才能用，还差 {missing}。",
        f"It needs a bill of {say_amount(threshold_minor)}; {missing} is missing.",
    )


def too_few_uses(left: int) -> Text:
    """Return how many uses a card has left."""
    return Text(f"这张卡只剩 {left} 次。", f"This card has only {left} left.")
