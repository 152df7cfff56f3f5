"""What the people of the demo city write: notes and reviews, put together from sentences with real details in them.

Slots: {shop} {dish} {dish2} {price} {street} {district} {usual}. A note is one language throughout.
"""

from collections.abc import Mapping
from random import Random

TITLES_ZH: dict[str, tuple[str, ...]] = {
    "eat": (
        "{street}这家{dish}，我连吃了三天",
        "人均{usual}，{district}吃得最舒服的一顿",
        "{shop}｜老客只点{dish}",
        "下班绕路也要吃的{dish}",
        "{district}一个人吃饭地图",
        "不排队的{dish}，别告诉太多人",
        "带爸妈去了{shop}，光盘",
        "凌晨的{street}，还有一碗热的",
        "{price}块的{dish}，值不值？",
        "雨天就该吃{dish}",
        "{street}走到头，闻着香味进去的",
        "本地人带我去的{shop}",
        "冬天第一顿{dish}，献给{shop}",
        "周三中午的{shop}，没有人和我抢座",
        "点错菜反而吃到宝：{dish2}",
    ),
    "drink": (
        "{street}的下午，一杯{dish}的时间",
        "能坐一整天的{shop}",
        "{district}咖啡地图补一家：{shop}",
        "只有老板和猫的{shop}",
        "靠窗那张桌子，先到先得",
        "今天的{dish}比上次更好喝",
        "雨打在{shop}的屋檐上",
        "{shop}：不拍照，只喝东西",
        "两个人，一壶，聊到打烊",
        "{price}元的{dish}，我给九分",
        "在{shop}写完了年终总结",
    ),
    "night": (
        "夜班结束，{shop}还亮着",
        "{street}的晚上从{shop}开始",
        "一个人也敢推门进去的小酒馆",
        "{dish}配一段萨克斯",
        "微醺路线：从{street}走到江边",
        "周五晚上的{shop}，提前半小时去",
    ),
    "do": (
        "半天时间，在{shop}做了点东西",
        "雨天去处｜{district}的{shop}",
        "带小孩来{shop}，手机都忘了看",
        "{street}散步，拐进了{shop}",
        "{price}元买一个不刷手机的下午",
        "{shop}逛一圈，空手没走成",
        "周末不出城：{district}半日",
        "给朋友挑礼物，最后给自己买了",
        "第一次来{shop}，教得很耐心",
        "把{street}慢慢走一遍",
    ),
}
TITLES_EN: dict[str, tuple[str, ...]] = {
    "eat": (
        "Three days in a row for the {dish}",
        "{usual} yuan a head and the best meal in {district}",
        "{shop}: regulars order the {dish}",
        "A detour after work, for {dish}",
        "No queue, good {dish}: keep it quiet",
        "Took my parents to {shop}. Nothing left",
        "Is a {price}-yuan {dish} worth it?",
        "Rain means {dish}",
        "Followed the smell down {street}",
    ),
    "drink": (
        "An afternoon on {street}, one {dish} long",
        "You can sit at {shop} all day",
        "The window table goes first",
        "{shop}: one owner, one cat",
        "Better {dish} than last time",
        "Two people, one pot, until closing",
    ),
    "night": (
        "After the late shift, {shop} is still lit",
        "Evenings on {street} start here",
        "A small bar you can enter alone",
    ),
    "do": (
        "Half a day, and I made something",
        "Where to go when it rains: {shop}",
        "{price} yuan for an afternoon off the phone",
        "Came for a gift, bought one for myself",
        "Walk {street} slowly",
        "First time at {shop}; patient teachers",
    ),
}
OPENINGS_ZH = (
    "从{street}口走进去大概两百米，门脸很小，容易走过。",
    "朋友在{district}上班，中午带我来的。",
    "下雨，本来只想躲一会儿。",
    "路过很多次，这次终于坐下来了。",
    "周六十一点半到的，还有两桌空着。",
    "看了好几篇笔记才下决心来。",
    "第三次来了，这次认真记一下。",
    "从地铁站出来走六七分钟，沿着树荫不晒。",
    "老板记得上次我没吃完，这次给了小份。",
    "加班到八点半，赶上最后一锅。",
)
MIDDLES_ZH: dict[str, tuple[str, ...]] = {
    "eat": (
        "{dish}端上来是烫的，第一口先别说话。",
        "{dish}份量实在，两个人点三个菜刚好。",
        "汤头不咸，喝到底也不口干。",
        "{dish2}意外地好，下次会单点。",
        "辣度可以选，我要了微辣，还是出汗了。",
        "灶台就在眼前，能看见师傅颠锅。",
        "米饭可以续，阿姨会主动来问。",
        "套餐比单点省，结账时自动减的，不用翻券。",
    ),
    "drink": (
        "{dish}酸质干净，放凉了更甜。",
        "{dish2}不算惊艳，但配着很合适。",
        "插座只有靠墙三个，想办公的早点来。",
        "音乐声音刚好，盖得住隔壁聊天。",
        "豆子自己烘，袋子上写着日期。",
        "杯子是老板自己做的，每只不一样。",
        "续杯半价，店员会提醒你。",
    ),
    "night": (
        "{dish}不甜，尾巴有一点烟熏。",
        "调酒师会问你今天过得怎么样，然后看着办。",
        "九点以后有人弹琴，周日没有。",
        "{dish2}下酒，炸得很干。",
        "吧台六个位置，一个人来最舒服。",
    ),
    "do": (
        "老师一步一步带，零基础也能做完。",
        "成品要烧两周，店里会发消息来取。",
        "展不大，四十分钟能看完，但我坐了很久。",
        "{dish}提前约，周末基本满。",
        "东西不便宜，但每件都说得出来历。",
        "小朋友有单独的围裙和小凳子。",
        "窗外正好是{street}的树。",
    ),
}
ENDINGS_ZH = (
    "结账{price}，店员扫一下码就好了，没有多问。",
    "人均{usual}上下，下个月还会来。",
    "记得看一下打烊时间，我差点扑空。",
    "走的时候老板说慢走，是真的在说。",
    "扣一分给洗手间。",
    "建议避开十二点到一点。",
    "收藏了大半年，今天算拔草了。",
    "出门左转就是{street}，散步消食。",
    "不是广告，自己付的钱。",
    "停车难，坐地铁来。",
    "下次带我妈来。",
)
OPENINGS_EN = (
    "Two hundred metres in from the corner of {street}; a small door, easy to miss.",
    "A friend who works in {district} took me at noon.",
    "It rained and I only wanted to wait it out.",
    "I had walked past many times. This time I sat down.",
    "Saturday, half past eleven, two tables free.",
    "Third visit, so here are proper notes.",
    "Six minutes from the station, in the shade all the way.",
)
MIDDLES_EN: dict[str, tuple[str, ...]] = {
    "eat": (
        "The {dish} arrives too hot to talk over.",
        "Portions are honest: three dishes feed two.",
        "The {dish2} was the surprise; I would order it alone.",
        "You can see the wok from your seat.",
        "The set was cheaper than ordering singly and came off the bill by itself.",
    ),
    "drink": (
        "The {dish} is clean, and sweeter once it cools.",
        "Three sockets, all along the wall, so come early to work.",
        "They roast here; the date is on the bag.",
        "The owner makes the cups, no two alike.",
    ),
    "night": (
        "The {dish} is dry with a little smoke at the end.",
        "Six seats at the bar, best when you come alone.",
        "Somebody plays after nine, except Sundays.",
    ),
    "do": (
        "They take you through it step by step.",
        "Firing takes two weeks; they message you.",
        "The {dish} needs booking, weekends are full.",
        "A small show, forty minutes, but I stayed.",
        "Things are not cheap, and each has a story.",
    ),
}
ENDINGS_EN = (
    "{price} yuan in the end; the clerk scanned the code and that was that.",
    "About {usual} a head. Back next month.",
    "Check the closing time; I nearly missed it.",
    "Not an advertisement, I paid.",
    "Avoid noon to one.",
    "Saved for half a year, finally went.",
    "Turn left out of the door and walk it off along {street}.",
)
REVIEWS_ZH: dict[int, tuple[str, ...]] = {
    5: (
        "{dish}名不虚传，核销很快。",
        "店员一扫就好了，没有多问一句。",
        "第二次来，还是稳定。",
        "份量比图上还多，价格和页面写的一样。",
        "带朋友来的，都说好。",
        "环境安静，{dish}很好。",
        "",
    ),
    4: ("{dish}不错，等位十五分钟。", "味道好，位置有点挤。", "价格合适，就是打烊早。", "整体满意，{dish2}一般。", ""),
    3: ("中规中矩，{dish}偏咸。", "人太多，上菜慢。", "和以前比差一点。"),
    2: ("等了四十分钟，道歉了但没补偿。", "{dish}凉的。"),
    1: ("点的{dish}卖完了，去之前最好问一下。",),
}
REVIEWS_EN: dict[int, tuple[str, ...]] = {
    5: (
        "The {dish} lives up to it. Scanned and done.",
        "Same price as on the page, no questions.",
        "Second visit, just as good.",
    ),
    4: ("Good {dish}, fifteen minutes' wait.", "Nice, a little cramped."),
    3: ("Fine. The {dish} was salty.",),
    2: ("Forty minutes' wait.",),
    1: ("The {dish} was sold out.",),
}
REPLIES = (
    "谢谢光临，等位的问题我们周末会多加一位同事。",
    "下次来报一声，给您留靠窗的位置。",
    "收到，已经和后厨说了，咸淡可以调。",
    "谢谢喜欢，新豆子下周到。",
)
COVER_LINES_ZH: dict[str, tuple[str, ...]] = {
    "eat": (
        "先喝汤",
        "第一口别说话",
        "趁热",
        "光盘了",
        "再添一碗",
        "人均{usual}",
        "值得绕路",
        "{price}块，吃得很饱",
        "老客只点这个",
        "藏在{street}",
    ),
    "drink": ("坐到打烊", "今天不赶时间", "雨天专座", "一杯的时间", "靠窗", "慢一点", "猫也在", "{price}元一个下午"),
    "night": ("灯还亮着", "夜里见", "微醺就好", "九点以后", "吧台第三位"),
    "do": ("做点东西", "不看手机的下午", "雨天去处", "慢慢逛", "亲手", "半日闲", "{district}半日"),
}
COVER_LINES_EN: dict[str, tuple[str, ...]] = {
    "eat": ("Soup first.", "Eat it hot.", "Worth the detour", "Nothing left", "{usual} a head"),
    "drink": ("Until closing", "No hurry today", "Window seat", "The cat is in"),
    "night": ("Still lit", "After nine", "Third seat, bar"),
    "do": ("Make something", "Off the phone", "Rain plan", "Walk slowly"),
}
MOODS = {
    "cafe": "drink", "tea": "drink", "bar": "night", "shopping": "do", "culture": "do", "wellness": "do", "travel": "do", "home": "do",
}  # fmt: skip


def mood_of(trade: str) -> str:
    """Return which set of sentences suits a trade: eat, drink, night or do."""
    return MOODS.get(trade, "eat")


def write_note(random: Random, mood: str, slots: Mapping[str, str], *, chinese: bool) -> tuple[str, str, str]:
    """Return title (at most 60 characters), body and cover line of one note."""
    titles, openings, middles, endings, lines = (
        (TITLES_ZH, OPENINGS_ZH, MIDDLES_ZH, ENDINGS_ZH, COVER_LINES_ZH)
        if chinese
        else (TITLES_EN, OPENINGS_EN, MIDDLES_EN, ENDINGS_EN, COVER_LINES_EN)
    )
    glue = "" if chinese else " "
    first = random.choice(openings)
    middle = glue.join(random.sample(middles[mood], k=random.randint(1, 3)))
    last = glue.join(random.sample(endings, k=random.randint(1, 2)))
    body = "\n\n".join(part.format_map(slots) for part in (first, middle, last))
    title = random.choice(titles[mood]).format_map(slots)
    return title[:60], body, random.choice(lines[mood]).format_map(slots)


def write_review(random: Random, stars: int, slots: Mapping[str, str], *, chinese: bool) -> str:
    """Return the text of one review with this many stars; it may be empty."""
    return random.choice((REVIEWS_ZH if chinese else REVIEWS_EN)[stars]).format_map(slots)
