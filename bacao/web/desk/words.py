"""What the desk calls tables, columns and states, in both languages.

The models name themselves for programmers; operators read these words. They are hung on the running models only:
`verbose_name` as migrations see it stays as it was.
"""

from typing import Any

from django.apps import apps
from django.utils.functional import lazy
from django.utils.translation import get_language

from bacao.kit.text import Text

CHAPTERS = {
    "accounts": Text("人", "People"),
    "places": Text("地点", "Places"),
    "notes": Text("笔记", "Notes"),
    "offers": Text("优惠", "Offers"),
    "orders": Text("订单与付款", "Orders and payments"),
    "redemption": Text("核销与抵达", "Redemptions and arrivals"),
    "reviews": Text("评价", "Reviews"),
    "ledger": Text("账本", "Ledger"),
    "discovery": Text("搜索", "Search"),
    "kit": Text("日历与消息", "Calendar and news"),
    "sandbox": Text("沙盒支付公司", "Sandbox payment company"),
    "procrastinate": Text("后台任务", "Background jobs"),
}

TABLES = {
    "accounts.user": ("人", "person", "people"),
    "accounts.role": ("城市角色", "city role", "city roles"),
    "places.merchant": ("商户", "merchant", "merchants"),
    "places.place": ("地点", "place", "places"),
    "places.shoprole": ("店内角色", "shop role", "shop roles"),
    "places.clerkinvite": ("店员邀请", "clerk invitation", "clerk invitations"),
    "places.category": ("分类", "category", "categories"),
    "places.district": ("商圈", "district", "districts"),
    "places.street": ("街道", "street", "streets"),
    "places.importrun": ("导入", "import run", "import runs"),
    "notes.note": ("笔记", "note", "notes"),
    "notes.notepicture": ("照片", "picture", "pictures"),
    "notes.noteplace": ("提到的地点", "place named", "places named"),
    "offers.offer": ("优惠", "offer", "offers"),
    "offers.offerversion": ("条款版本", "version of terms", "versions of terms"),
    "offers.offerfunder": ("出资方", "funder", "funders"),
    "offers.offerstock": ("库存", "stock", "stock"),
    "orders.order": ("订单", "order", "orders"),
    "orders.payment": ("付款", "payment", "payments"),
    "orders.paymentevent": ("支付通知", "payment event", "payment events"),
    "orders.refund": ("退款", "refund", "refunds"),
    "orders.voucher": ("券", "voucher", "vouchers"),
    "redemption.redemption": ("核销", "redemption", "redemptions"),
    "redemption.undo": ("撤销核销", "undo", "undos"),
    "redemption.arrival": ("抵达", "arrival", "arrivals"),
    "reviews.review": ("评价", "review", "reviews"),
    "ledger.account": ("账户", "account", "accounts"),
    "ledger.transaction": ("交易", "transaction", "transactions"),
    "ledger.entry": ("分录", "entry", "entries"),
    "discovery.searchdocument": ("搜索文档", "search document", "search documents"),
    "discovery.placestanding": ("地点口碑", "standing of a place", "standings of places"),
    "kit.calendarday": ("特殊日期", "calendar day", "calendar days"),
    "kit.outboxevent": ("消息", "news item", "news"),
    "sandbox.sandboxpayment": ("沙盒付款", "sandbox payment", "sandbox payments"),
    "sandbox.sandboxrefund": ("沙盒退款", "sandbox refund", "sandbox refunds"),
    "sandbox.sandboxnotice": ("沙盒通知", "sandbox notice", "sandbox notices"),
    "procrastinate.procrastinatejob": ("任务", "job", "jobs"),
}

COLUMNS = {
    "id": ("编号", "id"), "number": ("号码", "number"), "code": ("代码", "code"), "kind": ("类型", "kind"),
    "state": ("状态", "state"), "state_reason": ("原因", "reason"), "state_changed_at": ("状态变更", "state since"),
    "user": ("人", "person"), "author": ("作者", "author"), "by": ("谁", "by"), "created_by": ("创建人", "created by"),
    "granted_by": ("授予人", "granted by"), "granted_at": ("开始", "from"), "ended_at": ("结束", "until"),
    "display_name": ("名字", "name"), "phone": ("手机号", "phone"), "phone_verified": ("已验证", "phone verified"),
    "email": ("邮箱", "e-mail"), "avatar": ("头像", "avatar"), "bio": ("简介", "bio"), "language": ("语言", "language"),
    "is_active": ("可用", "active"), "is_staff": ("运营", "operator"), "is_official": ("官方", "official"),
    "personal_ranking": ("个性化", "personal ranking"), "location_consent_at": ("同意记录位置", "position consent"),
    "date_joined": ("加入", "joined"), "last_login": ("上次登录", "last sign-in"), "is_superuser": ("管理员", "administrator"),
    "name_zh": ("中文名", "Chinese name"), "name_en": ("英文名", "English name"), "merchant": ("商户", "merchant"),
    "place": ("地点", "place"), "category": ("分类", "category"), "district": ("商圈", "district"),
    "street": ("街道", "street"), "brand": ("品牌", "brand"), "address_zh": ("地址", "Chinese address"),
    "address_en": ("英文地址", "English address"), "about_zh": ("介绍", "about, Chinese"),
    "about_en": ("英文介绍", "about, English"), "latitude": ("纬度", "latitude"), "longitude": ("经度", "longitude"),
    "hours": ("营业时间", "opening hours"), "usual_minor": ("人均（分）", "usual per head (minor)"), "tags": ("标签", "tags"),
    "selected_reason": ("精选理由", "why selected"), "selected_at": ("精选于", "selected"), "closed_at": ("关店", "closed"),
    "source": ("来源", "source"), "source_ref": ("来源编号", "source id"), "created_at": ("创建", "created"),
    "updated_at": ("更新", "updated"), "collect_mode": ("收款方式", "collection"), "parent": ("上级", "parent"),
    "platform_fee_basis_points": ("平台费（万分之）", "platform fee (basis points)"), "emoji": ("图标", "emoji"),
    "tint": ("色相", "tint"), "position": ("顺序", "position"), "title": ("标题", "title"), "body": ("正文", "text"),
    "cover": ("封面", "cover"), "disclosure": ("合作说明", "disclosure"), "save_count": ("收藏", "saves"),
    "published_at": ("发布", "published"), "title_zh": ("中文标题", "Chinese title"), "title_en": ("英文标题", "English title"),
    "items": ("内容", "items"), "terms_zh": ("条款", "terms, Chinese"), "terms_en": ("英文条款", "terms, English"),
    "price_minor": ("售价（分）", "price (minor)"), "list_minor": ("原价（分）", "list price (minor)"),
    "face_minor": ("面额（分）", "face value (minor)"), "stock": ("库存", "stock"), "valid_days": ("有效天数", "days valid"),
    "party": ("出资方", "party"), "share_basis_points": ("比例（万分之）", "share (basis points)"),
    "offer": ("优惠", "offer"), "offer_version": ("条款版本", "version of terms"), "version": ("版本", "version"),
    "is_current": ("现行", "current"), "quantity": ("数量", "quantity"), "total_minor": ("总额（分）", "total (minor)"),
    "unit_price_minor": ("单价（分）", "unit price (minor)"), "currency": ("货币", "currency"), "note": ("笔记", "note"),
    "placed_at": ("下单", "placed"), "expires_at": ("过期", "expires"), "paid_at": ("付款", "paid"),
    "cancelled_at": ("取消", "cancelled"), "cancel_reason": ("取消原因", "why cancelled"), "order": ("订单", "order"),
    "refund_terms": ("退款约定", "refund terms"), "provider": ("支付公司", "provider"),
    "provider_ref": ("对方单号", "provider's number"), "amount_minor": ("金额（分）", "amount (minor)"),
    "captured_minor": ("已收（分）", "captured (minor)"), "refunded_minor": ("已退（分）", "refunded (minor)"),
    "captured_at": ("收到", "captured"), "failed_at": ("失败", "failed"), "failure": ("失败原因", "failure"),
    "queried_at": ("查询", "enquired"), "received_at": ("收到", "received"), "processed_at": ("处理", "processed"),
    "outcome": ("结果", "outcome"), "event_id": ("通知号", "event id"), "payment": ("付款", "payment"),
    "voucher": ("券", "voucher"), "cause": ("原因", "cause"), "requested_at": ("申请", "requested"),
    "sent_at": ("发出", "sent"), "confirmed_at": ("确认", "confirmed"), "unit": ("第几张", "unit"),
    "paid_minor": ("实付（分）", "paid (minor)"), "uses_total": ("次数", "uses"), "uses_redeemed": ("已用", "uses redeemed"),
    "uses_refunded": ("已退次数", "uses refunded"), "issued_at": ("发出", "issued"), "valid_until": ("有效至", "valid until"),
    "use_number": ("第几次", "use"), "cycle": ("轮次", "cycle"), "proof": ("凭证", "proof"), "clerk": ("店员", "clerk"),
    "bill_minor": ("账单（分）", "bill (minor)"), "charge_minor": ("应收（分）", "to charge (minor)"),
    "discount_minor": ("优惠（分）", "discount (minor)"), "ledger_id": ("账本交易", "ledger transaction"),
    "redeemed_at": ("核销", "redeemed"), "undone_at": ("撤销", "undone"), "arrived_at": ("抵达", "arrived"),
    "void_at": ("作废", "void since"), "redemption": ("核销", "redemption"), "arrival": ("抵达", "arrival"),
    "stars": ("星", "stars"), "written_at": ("写于", "written"), "reply": ("店主回复", "reply"), "replied_at": ("回复于", "replied"),
    "book": ("账套", "book"), "limit": ("限制", "limit"), "debit_minor": ("借（分）", "debit (minor)"),
    "credit_minor": ("贷（分）", "credit (minor)"), "opened_at": ("开户", "opened"), "origin": ("由来", "origin"),
    "reverses": ("冲销", "reverses"), "effective_at": ("生效", "effective"), "recorded_at": ("记录", "recorded"),
    "transaction": ("交易", "transaction"), "account": ("账户", "account"), "side": ("借贷", "side"),
    "date": ("日期", "date"), "files": ("文件", "files"), "started_at": ("开始", "started"), "counts": ("结果", "counts"),
    "ref_id": ("对象", "about"), "tx": ("事务", "transaction id"), "accepted_by": ("接受人", "accepted by"),
    "accepted_at": ("接受", "accepted"), "withdrawn_at": ("撤回", "withdrawn"), "created": ("创建", "created"),
    "file": ("照片", "picture"), "review_count": ("评价数", "reviews"), "arrival_count": ("抵达数", "arrivals"),
    "stars_hundredths": ("星 × 100", "stars x 100"), "arrivals_30_days": ("30 天抵达", "arrivals, 30 days"),
    "note_count": ("笔记数", "notes"), "sound": ("拼音", "sound"), "key": ("幂等号", "key"), "used": ("已用", "used"),
}  # fmt: skip

VALUES = {
    "pending": ("待审核", "waiting"), "published": ("已发布", "published"), "hidden": ("已隐藏", "hidden"),
    "food": ("吃", "food"), "trip": ("出行", "trip"), "guide": ("逛店", "shop guide"),
    "draft": ("草稿", "draft"), "live": ("在售", "live"), "paused": ("暂停", "paused"), "ended": ("结束", "ended"),
    "package": ("团购", "package deal"), "voucher": ("代金券", "cash voucher"), "percent_off": ("折扣", "percent-off"),
    "threshold_off": ("满减", "threshold off"), "card": ("次卡", "multi-use card"),
    "open": ("营业", "open"), "closed": ("已关", "closed"), "owner": ("店主", "owner"), "clerk": ("店员", "clerk"),
    "field_worker": ("地推", "field worker"), "operator": ("运营", "operator"),
    "merchant": ("商户", "merchant"), "platform": ("平台", "platform"), "partner": ("合作方", "partner"),
    "provider_split": ("支付公司分账", "split by the provider"), "chain": ("动态码", "code chain"), "typed": ("手输码", "typed code"),
    "asked": ("顾客申请", "asked for"), "expired": ("过期", "expired"), "late_payment": ("付款太晚", "paid too late"),
    "workday": ("工作日", "working day"), "restday": ("休息日", "day of rest"), "redemption": ("核销", "redemption"),
    "public_holiday": ("节假日", "public holiday"), "makeup_workday": ("调休上班", "make-up workday"),
    "street": ("街", "street"), "station": ("站", "station"), "none": ("无", "none"), "D": ("借", "debit"), "C": ("贷", "credit"),
    "debit_at_most_credit": ("借不超贷", "debit at most credit"), "credit_at_most_debit": ("贷不超借", "credit at most debit"),
    "paid": ("已付", "paid"), "failed": ("失败", "failed"), "confirmed": ("已确认", "confirmed"),
}  # fmt: skip


def _say(zh: str, en: str) -> str:
    return Text(zh, en).say(get_language() or "zh-hans")


said = lazy(_say, str)  # said("笔记", "note"): worded when it is shown, in the language of that page


def value(code: Any) -> str:
    """Return what operators call a stored value such as `pending`; one without a word is shown as it is."""
    return _say(*VALUES[code]) if code in VALUES else str(code)


def column(name: str, field: Any) -> tuple[str, str]:
    """Return what operators call a column, in both languages; one without a word is called as programmers do."""
    return COLUMNS.get(name) or (str(field.verbose_name), str(field.verbose_name))


def name_everything() -> None:
    """Hang the words on the models."""
    for label, (zh, one, many) in TABLES.items():
        meta = apps.get_model(label)._meta
        meta.verbose_name, meta.verbose_name_plural = said(zh, one), said(zh, many)
        for column in meta.fields:
            if column.name in COLUMNS:
                column.verbose_name = said(*COLUMNS[column.name])
    for label, text in CHAPTERS.items():
        apps.get_app_config(label).verbose_name = said(*text)
