"""A phone at a counter, as the counter's page behaves: its key, its login, its numbered and signed rows."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from bacao.redemption import rules
from bacao.redemption.models import Counter
from tests.factories import Shop, make_role, make_user


class Phone:
    """One phone; `enrol` makes it ask, `agree` lets the owner answer, `redeem` presses."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.http, self.number = shop, Client(), 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.device: UUID | None = None
        self.digits = ""

    def enrol(self, name: str = "吧台手机") -> "Phone":
        body = {"place": self.shop.place.pk, "name": name, "public_key": rules.to_text(self.point)}
        answer = self.post("/devices", body)
        assert answer.status_code == 201, answer.content
        self.device, self.digits = UUID(answer.json()["device"]), answer.json()["digits"]
        return self

    def agree(self) -> "Phone":
        owner = make_user("林晓")
        make_role(owner, self.shop.merchant, kind="owner")
        client = Client()
        client.force_login(owner)
        answer = client.post(
            f"/devices/{self.device}/agreement", json.dumps({"digits": self.digits}), content_type="application/json"
        )
        assert answer.status_code == 201, answer.content
        return self

    @property
    def row(self) -> Counter:
        return Counter.objects.get(pk=self.device)

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, query)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(path, raw, content_type="application/json", headers=headers or None)

    def sign(self, key: UUID, number: int, raw: bytes) -> str:
        """Return the signature as WebCrypto writes it: r ‖ s."""
        assert self.device
        signature = self.key.sign(rules.signed_part(key, self.device, number, raw), ec.ECDSA(SHA256()))
        r, s = decode_dss_signature(signature)
        return rules.to_text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def send(self, path: str, body: dict[str, Any], *, key: UUID | None = None, number: int | None = None,
             served_at: datetime | None = None, **headers: str) -> Any:  # fmt: skip
        """Send a row; a new number unless one is given."""
        key = key or uuid4()
        if number is None:
            self.number += 1
            number = self.number
        raw = json.dumps(body).encode()
        row = {
            "Idempotency-Key": str(key),
            "Counter-Number": str(number),
            "Counter-Signature": self.sign(key, number, raw),
        }
        if served_at:
            row["Counter-Served-At"] = served_at.isoformat()
        return self.post(path, raw, **row | headers)

    def redeem(self, **body: Any) -> Any:
        sent = {name: body.pop(name) for name in ("key", "number", "served_at") if name in body}
        return self.send("/redemptions", body, **sent)


def make_phone(shop: Shop, name: str = "吧台手机") -> Phone:
    """Return a phone that the owner let in."""
    return Phone(shop).enrol(name).agree()
