"""What stories of the counter share: symbols as pictures, what a member's phone shows, a camera to hold it up to."""

from base64 import b64encode
from io import BytesIO

import segno
import zxingcpp
from django.utils import timezone
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from bacao.accounts.models import User
from bacao.orders.models import Voucher
from bacao.redemption.queries import get_live_code
from bacao.redemption.services import add_clerk, ensure_codes
from tests.factories import Shop
from tests.live import Site

GREEN = ".answer--green[open]"
RED = ".answer--red[open]"
FRESH = ".answer--fresh[open]"
PIN = "4711"
PRACTISED = 'localStorage.setItem("bacao.counter.practised", "1")'
CAMERA = """
const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
const pen = canvas.getContext("2d");
let held = null;
const draw = () => {
  pen.fillStyle = "#777";
  pen.fillRect(0, 0, 640, 480);
  if (held) pen.drawImage(held, 200, 120, 240, 240);
};
setInterval(draw, 50);
window.holdUp = async (address) => {
  held = address ? Object.assign(new Image(), { src: address }) : null;
  if (held) await held.decode();
};
navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20);
"""


def give_camera(context: BrowserContext) -> None:
    """Give the pages of a context a camera that sees what `hold_up` shows it."""
    context.add_init_script(CAMERA)
    context.grant_permissions(["camera"])


def hold_up(clerk: Page, text: str | None) -> None:
    """Hold a symbol in front of the clerk's camera, nothing for None."""
    clerk.evaluate("(address) => window.holdUp(address)", _address_of(text) if text else None)


def _address_of(text: str) -> str:
    file = BytesIO()
    symbol_of(text).save(file, "png")
    return f"data:image/png;base64,{b64encode(file.getvalue()).decode()}"


def read(picture: bytes | Image.Image) -> str:
    """Return the text of the symbol in a picture, by another decoder than the counter's."""
    image = Image.open(BytesIO(picture)) if isinstance(picture, bytes) else picture
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return found[0].text if found else ""


def symbol_of(text: str) -> Image.Image:
    file = BytesIO()
    segno.make(text, error="q" if len(text) < 100 else "m", boost_error=False, micro=False).save(
        file, kind="png", scale=4, border=4
    )
    return Image.open(file)


def live_token(voucher: Voucher) -> str:
    at = timezone.now()
    return get_live_code(ensure_codes(vouchers=[voucher], at=at)[voucher.pk], at).token_at(at)


def until(page: Page, expression: str, seconds: float = 15) -> None:
    """Wait until an expression holds on a page; `wait_for_function` would need what the site's policy forbids."""
    for _ in range(round(seconds * 10)):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {expression}")


def agree(page: Page, live_site: Site, owner: User, digits: str) -> None:
    """Let the owner type the digits on their own phone."""
    live_site.sign_in(page.context, owner)
    page.goto("/merchant/devices")
    page.get_by_label("那台手机上的 6 位数字").fill(digits)
    page.get_by_role("button", name="同意", exact=True).click()


def enrol(clerk: Page, page: Page, live_site: Site, shop: Shop, owner: User) -> None:
    """Open the till's link on a phone, ask, let the owner agree, type the clerk's PIN."""
    add_clerk(merchant_id=shop.merchant.pk, name="小李", pin=PIN, by=owner, at=timezone.now())
    clerk.goto(f"{live_site.url}/counter?place={shop.place.pk}")
    clerk.get_by_role("button", name="请店长同意").click()
    digits = clerk.locator("[data-enrol-digits]")
    expect(digits).to_be_visible()
    agree(page, live_site, owner, digits.inner_text().replace(" ", ""))
    unlock(clerk)


def unlock(clerk: Page) -> None:
    """Press one's own tile and type the PIN."""
    clerk.get_by_role("button", name="小李").click(timeout=15_000)
    for key in PIN:
        clerk.locator(f"[data-pin-pad] [data-key='{key}']").click()
    expect(clerk.locator("[data-clerks][open]")).to_have_count(0)


def is_kept(clerk: Page) -> None:
    """Wait until the page, its engine and all it needs are kept for the time without network."""
    until(clerk, "caches.open('counter-1').then((cache) => cache.match('/counter?shell')).then(Boolean)", 30)


def tap(clerk: Page, digits: str) -> None:
    """Press digits on the counter's pad."""
    for key in digits:
        clerk.locator(f"[data-pad] [data-key='{key}']").click()


def next_guest(clerk: Page) -> None:
    """Take the phone away and go on."""
    clerk.locator("[data-next]").click()
    hold_up(clerk, None)
