"""What people call the moods and facilities that places say of themselves (U26)."""

from bacao.kit.text import Text

TAG_NAMES = {
    "quiet": Text("安静", "quiet"),
    "laptop": Text("能办公", "laptops welcome"),
    "terrace": Text("露台", "terrace"),
    "pets": Text("带宠物", "pets welcome"),
    "view": Text("有风景", "a view"),
    "friends": Text("约朋友", "with friends"),
    "family": Text("一家人", "family"),
    "groups": Text("人多", "groups"),
    "private-room": Text("包间", "private room"),
    "breakfast": Text("早餐", "breakfast"),
    "quick": Text("快吃", "quick"),
    "solo": Text("一个人", "on my own"),
    "late": Text("夜里", "late"),
    "date": Text("约会", "a date"),
    "brunch": Text("早午餐", "brunch"),
    "kids": Text("带娃", "kids"),
    "gift": Text("送礼", "gifts"),
    "music": Text("有音乐", "music"),
    "browse": Text("随便逛", "browsing"),
    "design": Text("好看", "design"),
    "rainy-day": Text("下雨天", "rainy day"),
    "make": Text("动手做", "making things"),
    "relax": Text("放松", "relaxing"),
    "after-work": Text("下班后", "after work"),
    "weekend": Text("周末", "weekend"),
}


def name_of_tag(tag: str) -> Text:
    """Return what people call a tag; one nobody named is called what it is."""
    return TAG_NAMES.get(tag) or Text(tag, tag)
