"""Amounts of money as people type them."""

import re

from bacao.kit.text import Refused, Text

AMOUNT = re.compile(r"\s*[¥￥]?\s*(\d{1,7})(?:[.．](\d{1,2}))?\s*", re.ASCII)


class NotAnAmount(Refused):
    """What was typed is no amount of money."""

    code = "not_an_amount"
    text = Text("金额写成 128 或 128.5 这样。", "Write the amount as 128 or 128.5.")
    status = 422


def read_yuan(typed: str) -> int:
    """Return minor units of `128` or `128.5`. :raises NotAnAmount:"""
    found = AMOUNT.fullmatch(typed)
    if not found:
        raise NotAnAmount
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
