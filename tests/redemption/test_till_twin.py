"""What the counter works out by itself in JavaScript is what the server says in Python (RD9, RD16, RD18, RD50)."""

import base64
import hashlib
import hmac
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bacao.redemption import rules
from tests.redemption.scanning import JS, get_node


def ask(cases: list[dict[str, Any]]) -> list[Any]:
    """Return what the modules make of the cases."""
    command = [get_node(), str(Path(__file__).with_name("till_twin.mjs")), str(JS / "till")]
    lines = "\n".join(json.dumps(case) for case in cases)
    said = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=120).stdout
    return [json.loads(line) for line in said.splitlines()]


def test_rd9_signed_symbols_are_read_and_only_ours_believed() -> None:
    draw = random.Random(20261122)
    seeds = {number: draw.randbytes(32) for number in (3, 4)}
    keys = [{"id": number, "public_key": rules.to_text(rules.public_key_of(seed))} for number, seed in seeds.items()]
    cases, expected = [], []
    for number in range(40):
        key_id = draw.choice([3, 4, 5])
        head = rules.SignedHead(
            key_id, draw.randbytes(5), draw.randrange(20000, 40000), draw.randrange(1 << 24), draw.randbytes(14)
        )
        signed = bytearray(rules.sign_head(seeds.get(key_id, draw.randbytes(32)), head))
        spoiled = number % 3 == 0
        if spoiled:
            signed[draw.randrange(1, len(signed))] ^= 1 << draw.randrange(8)
        value = draw.randbytes(14)
        text = rules.encode_signed(bytes(signed), value)
        token = rules.decode_signed(text)
        assert token
        ours = key_id in seeds and not spoiled
        cases.append({"kind": "signed", "text": text, "keys": keys})
        expected.append(
            {
                "handle": token.head.handle.hex(), "day": token.head.day, "offer": token.head.offer,
                "anchor": token.head.anchor.hex(), "value": value.hex(), "ours": ours,
            }
        )  # fmt: skip
    assert ask(cases) == expected


@pytest.mark.parametrize("text", ["3" * 252, "3" * 254, "9" * 253, "1" * 253, "0" * 253, "x" * 253])
def test_what_is_no_signed_symbol_is_silence(text: str) -> None:
    assert ask([{"kind": "signed", "text": text, "keys": []}]) == [None]


def test_rd50_a_pin_is_known_without_network() -> None:
    salt = bytes(range(16))
    clerk = {
        "salt": rules.to_text(salt), "rounds": rules.VERIFIER_ROUNDS,
        "verifier": rules.to_text(rules.pin_verifier("4711", salt, rules.VERIFIER_ROUNDS)),
    }  # fmt: skip
    cases = [{"kind": "pin", "clerk": clerk, "pin": pin} for pin in ("4711", "4712", "")]
    assert ask(cases) == [True, False, False]


def test_rd16_rd18_the_shop_code_and_its_six_digits() -> None:
    key, now = bytes(range(32)), 1_795_233_600_123
    step = now // 30_000
    shop = {"code": "K7QX2M4A", "key": rules.to_text(key)}
    live = base64.b32encode(hmac.digest(key, b"live" + step.to_bytes(8, "big"), "sha256")).decode()[:10]
    message = b"ok" + step.to_bytes(8, "big") + (12800).to_bytes(8, "big") + bytes([7])
    number = int.from_bytes(hmac.new(key, message, hashlib.sha256).digest()[:8], "big") % 1_000_000
    said = ask(
        [
            {"kind": "address", "shop": shop, "host": "bacao.example", "now": now},
            {"kind": "digits", "shop": shop, "step": step, "charge": 12800, "n": 7},
        ]
    )
    assert said == [f"HTTPS://BACAO.EXAMPLE/S/K7QX2M4A/{live}", f"{number:06d}"]


def test_rd15_the_tag_of_typed_digits() -> None:
    key = bytes(range(32))
    codes = ["432109876544", "000000000000", "999999999994"]
    said = ask([{"kind": "tag", "key": rules.to_text(key), "code": code} for code in codes])
    assert said == [rules.typed_tag(key, code) for code in codes]
