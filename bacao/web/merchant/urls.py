"""Addresses of a shop's console."""

from django.urls import URLPattern, URLResolver, path

from bacao.web.merchant.views import devices, incidents, money, offers, policies, reviews, shop, staff, today

app_name = "merchant"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", today.today, name="today"),
    path("choice", today.choose, name="choose"),
    path("offers", offers.offers, name="offers"),
    path("offers/new", offers.new_offer, name="offer-new"),
    path("offers/<int:offer_id>", offers.offer, name="offer"),
    path("offers/<int:offer_id>/edit", offers.edit_offer, name="offer-edit"),
    path("offers/<int:offer_id>/counter", policies.offer_policy, name="offer-policy"),
    path("offers/<int:offer_id>/states/<slug:state>", offers.offer_state, name="offer-state"),
    path("redemptions", money.redemptions, name="redemptions"),
    path("redemptions.csv", money.redemptions_file, name="redemptions-file"),
    path("redemptions/<int:redemption_id>", money.redemption, name="redemption"),
    path("bills/<uuid:order_id>/refund", money.bill_refund, name="bill-refund"),
    path("statement", money.statement, name="statement"),
    path("statement.csv", money.statement_file, name="statement-file"),
    path("clerks", staff.clerks, name="clerks"),
    path("clerks/invitations", staff.invite, name="invite"),
    path("clerks/invitations/<int:invite_id>/withdrawal", staff.withdraw, name="withdraw"),
    path("clerks/<int:role_id>/removal", staff.remove, name="clerk-remove"),
    path("clerks/<int:role_id>/return", staff.restore, name="clerk-restore"),
    path("devices", devices.devices, name="devices"),
    path("devices/policy", policies.shop_policy, name="shop-policy"),
    path("devices/<uuid:counter_id>/agreement", devices.agree, name="device-agree"),
    path("devices/<uuid:counter_id>/revocation", devices.revoke, name="device-revoke"),
    path("incidents", incidents.incidents, name="incidents"),
    path("incidents/<uuid:incident_id>/answer", incidents.answer, name="incident-answer"),
    path("stands", devices.stand_new, name="stand-new"),
    path("stands/<uuid:counter_id>", devices.stand, name="stand"),
    path("tiles", devices.tile_new, name="tile-new"),
    path("tiles/<int:clerk_id>", devices.tile, name="tile"),
    path("shop", shop.shop, name="shop"),
    path("week", offers.week, name="week"),
    path("reviews", reviews.reviews, name="reviews"),
    path("reviews/<int:review_id>/reply", reviews.reply, name="reply"),
]
