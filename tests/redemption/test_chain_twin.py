"""The counter's code in JavaScript says the same as the one in Python (RD4 to RD6, RD13)."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

from bacao.redemption import rules
from bacao.redemption.rules import BC2, STEPS_PER_DAY, Token
from tests.redemption.scanning import get_node

ROOT = Path(__file__).resolve().parents[2]
CHAIN_JS = ROOT / "bacao/web/static/js/chain.js"
CASES = 200


def make_case(draw: random.Random) -> dict[str, Any]:
    """Return one case: half of the shown tokens are right or near, the others damaged, old, of another day."""
    seed, handle, day = draw.randbytes(14), draw.randbytes(5), draw.randrange(20000, 40000)
    step = draw.choice([0, 1, 2878, 2879, draw.randrange(STEPS_PER_DAY)])
    shown = day * STEPS_PER_DAY + step
    anchors = {d: rules.anchor_of(draw.randbytes(14), handle, d).hex() for d in (day - 1, day + 1)}
    text = rules.encode_token(Token(BC2, handle, rules.value_of(seed, handle, day, step)))
    if draw.random() < 0.3:
        position = draw.randrange(47)
        text = text[:position] + draw.choice("0123456789") + text[position + 1 :]
    body = f"{draw.randrange(10**11):011d}"
    return {
        "seed": seed.hex(),
        "handle": handle.hex(),
        "day": day,
        "step": step,
        "now": shown + draw.choice([-3, -2, -1, 0, 0, 1, 2, 3, 500]),
        "highest": draw.choice([-1, shown - 1, shown]),
        "anchors": {**anchors, day: rules.anchor_of(seed, handle, day).hex()},
        "typed": body + draw.choice([rules.damm_digit(body), "0"]),
        "text": text,
    }


def answer_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return what Python makes of a case."""
    seed, handle, day = bytes.fromhex(case["seed"]), bytes.fromhex(case["handle"]), case["day"]
    token = rules.decode_token(case["text"])
    anchors = {int(d): bytes.fromhex(anchor) for d, anchor in case["anchors"].items()}
    found = token and rules.verify(token.handle, token.value, anchors, now=case["now"], highest=case["highest"])
    value = rules.value_of(seed, handle, day, case["step"])
    return {
        "shown": rules.encode_token(Token(BC2, handle, value)),
        "anchor": rules.anchor_of(seed, handle, day).hex(),
        "token": token and {"version": token.version, "handle": token.handle.hex(), "value": token.value.hex()},
        "again": token and rules.encode_token(token),
        "verdict": found and {"verdict": found.verdict, "step": found.step},
        "damm": rules.damm_digit(case["typed"][:11]),
        "typed": rules.is_typed_code(case["typed"]),
    }


def test_200_random_cases() -> None:
    draw = random.Random(20261122)
    cases = [make_case(draw) for _ in range(CASES)]
    lines = "\n".join(json.dumps(case) for case in cases)
    answers = subprocess.run(
        [get_node(), str(Path(__file__).with_name("twin.mjs")), str(CHAIN_JS)],
        input=lines, capture_output=True, text=True, check=True, timeout=120,
    ).stdout.splitlines()  # fmt: skip
    assert len(answers) == CASES
    verdicts = set()
    for case, answer in zip(cases, answers, strict=True):
        expected = answer_of(case)
        assert json.loads(answer) == expected
        verdicts.add(expected["verdict"]["verdict"] if expected["verdict"] else None)
    assert verdicts >= {"ok", "old", "early", "replayed", "forged"}, "the cases must meet every verdict"
