"""What the shops of the demo city are: their names, what they sell, when they open, how they look."""

from dataclasses import dataclass

from bacao.kit.text import Text


@dataclass(frozen=True)
class Dish:
    """One thing on a menu: its name and list price in minor units."""

    name: Text
    minor: int


@dataclass(frozen=True)
class Trade:
    """A kind of shop. `category` is a leaf of the category tree, `share` its weight in the city."""

    category: str
    share: int
    endings: tuple[Text, ...]
    dishes: tuple[Dish, ...]
    emoji: tuple[str, ...]
    tint: int
    usual: tuple[int, int]  # usual amount per head, yuan
    hours: tuple[str, ...]
    tags: tuple[str, ...]
    family_names: bool = False  # 老陈牛肉面 rather than 山野咖啡


def _texts(*pairs: str) -> tuple[Text, ...]:
    return tuple(Text(*pair.split("|")) for pair in pairs)


def _menu(*rows: str) -> tuple[Dish, ...]:
    parts = (row.split("|") for row in rows)
    return tuple(Dish(Text(zh, en), round(float(yuan) * 100)) for zh, en, yuan in parts)


DAY = ("Mo-Su 08:00-20:00", "Mo-Fr 07:30-19:00; Sa,Su,PH 09:00-20:00", "Mo-Su 09:00-21:30", "Tu-Su 09:30-19:30")
MEALS = (
    "Mo-Su 11:00-14:00,17:00-21:30",
    "Mo-Su 10:30-22:00",
    "Mo-Su 11:00-21:00",
    "Mo-Th 11:00-14:00,17:00-21:00; Fr-Su,PH 11:00-22:00",
)
NIGHT = ("Mo-Su 17:00-02:00", "Mo-Th 18:00-01:00; Fr,Sa 18:00-03:00; Su 18:00-00:00", "Tu-Su 19:00-02:00")
EARLY = ("Mo-Su 05:30-13:00", "Mo-Su 06:00-14:00", "Mo-Su 06:00-20:00", "Mo-Su 00:00-24:00")
STORE = ("Mo-Su 10:00-22:00", "Mo-Fr 11:00-20:00; Sa,Su,PH 10:00-21:30", "We-Mo 12:00-20:00")
CLASS = ("Tu-Su 10:00-21:00", "Mo-Fr 14:00-21:30; Sa,Su,PH 10:00-21:30", "We-Su 11:00-20:00")
STAY = ("24/7",)

# fmt: off
TRADES: tuple[Trade, ...] = (
    Trade(
        "cafe", 14,
        _texts("咖啡|Coffee", "咖啡馆|Coffee House", "咖啡烘焙所|Roastery", "手冲咖啡|Hand Drip", "咖啡与书|Coffee & Books",
               "露台咖啡|Terrace Coffee"),
        _menu("手冲单品|Single origin pour-over|38", "冰美式|Iced americano|22", "燕麦拿铁|Oat latte|32", "桂花拿铁|Osmanthus latte|34",
              "Dirty|Dirty|30", "橙皮气泡美式|Orange espresso tonic|33", "巴斯克蛋糕|Basque cheesecake|36", "开心果可颂|Pistachio croissant|28",
              "双人下午茶|Afternoon set for two|128", "肉桂卷|Cinnamon roll|26"),
        ("hot-beverage", "croissant", "cookie", "potted-plant", "open-book", "shortcake", "teacup-without-handle", "cat-face"),
        55, (28, 52), DAY, ("quiet", "laptop", "terrace", "pets"),
    ),
    Trade(
        "tea", 7,
        _texts("茶室|Tea Room", "茶馆|Tea House", "奶茶|Milk Tea", "茶铺|Tea Shop", "围炉煮茶|Hearth Tea"),
        _menu("明前龙井一壶|Pot of spring Longjing|88", "桂花乌龙|Osmanthus oolong|26", "手打柠檬茶|Hand-smashed lemon tea|19",
              "黑糖珍珠奶茶|Brown sugar bubble tea|18", "围炉煮茶双人|Hearth tea for two|138", "茶点四样|Four tea snacks|48",
              "抹茶冰沙|Matcha smoothie|24", "普洱老茶头|Aged pu'er|68"),
        ("teacup-without-handle", "teapot", "bubble-tea", "herb", "pine-decoration", "fire", "chestnut", "leafy-green"),
        140, (20, 68), DAY, ("quiet", "view", "friends"),
    ),
    Trade(
        "chinese", 13,
        _texts("小馆|Kitchen", "菜馆|Restaurant", "家常菜|Home Cooking", "酒家|Dining House", "私房菜|Private Kitchen", "饭庄|Banquet House"),
        _menu("东坡肉|Dongpo pork|58", "龙井虾仁|Longjing shrimps|98", "西湖醋鱼|Fish in vinegar sauce|88", "梅干菜扣肉|Pork with preserved greens|56",
              "清炒时蔬|Seasonal greens|26", "宋嫂鱼羹|Fish soup of Sister Song|42", "椒盐排条|Salt-and-pepper pork strips|48",
              "双人家常套餐|Home-style set for two|168", "四人团圆餐|Reunion set for four|358", "老鸭煲|Slow-cooked duck pot|128"),
        ("pot-of-food", "shallow-pan-of-food", "chopsticks", "steaming-bowl", "fish", "cooked-rice", "leafy-green", "duck"),
        20, (60, 128), MEALS, ("family", "groups", "private-room"), family_names=True,
    ),
    Trade(
        "noodles", 12,
        _texts("牛肉面|Beef Noodles", "片儿川|Pian'erchuan Noodles", "拌川|Tossed Noodles", "小面|Spicy Noodles", "馄饨|Wonton", "生煎|Pan-fried Buns",
               "包子铺|Steamed Buns", "米粉|Rice Noodles"),
        _menu("片儿川|Pian'erchuan|22", "红烧牛肉面|Braised beef noodles|32", "虾爆鳝面|Eel and shrimp noodles|48", "鲜肉小馄饨|Pork wonton|16",
              "生煎一客|Pan-fried buns, four|12", "葱油拌面|Scallion oil noodles|15", "豆浆油条|Soy milk and dough stick|9",
              "重庆小面|Chongqing noodles|18", "卤蛋|Marinated egg|3", "早餐双人组|Breakfast for two|29"),
        ("steaming-bowl", "dumpling", "chopsticks", "spoon", "egg", "hot-pepper", "cooking", "bowl-with-spoon"),
        35, (15, 38), (*EARLY, *MEALS), ("breakfast", "quick", "solo"), family_names=True,
    ),
    Trade(
        "hotpot", 7,
        _texts("火锅|Hotpot", "老灶火锅|Old Stove Hotpot", "牛肉火锅|Beef Hotpot", "椰子鸡|Coconut Chicken", "铜锅涮肉|Copper Pot Mutton", "串串香|Skewers"),
        _menu("鸳鸯锅底|Two-flavour broth|58", "吊龙|Beef chuck|68", "手打虾滑|Hand-made shrimp paste|46", "毛肚|Beef tripe|58",
              "双人火锅套餐|Hotpot set for two|188", "四人火锅套餐|Hotpot set for four|368", "冰粉|Ice jelly|12", "鲜切羊肉|Fresh-cut mutton|62"),
        ("pot-of-food", "cut-of-meat", "hot-pepper", "fire", "shrimp", "mushroom", "leafy-green", "beer-mug"),
        15, (85, 138), ("Mo-Su 11:00-02:00", "Mo-Su 16:30-00:00", "Mo-Su 11:00-14:00,17:00-23:00"), ("groups", "late", "friends"), family_names=True,
    ),
    Trade(
        "western", 6,
        _texts("小酒馆|Bistro", "餐厅|Table", "披萨|Pizzeria", "早午餐|Brunch", "厨房|Kitchen", "牛排馆|Steakhouse"),
        _menu("玛格丽特披萨|Pizza margherita|78", "班尼迪克蛋|Eggs benedict|68", "慢炖牛颊|Slow-braised beef cheek|148", "蛤蜊意面|Vongole|88",
              "双人晚餐|Dinner for two|368", "周末早午餐|Weekend brunch|98", "提拉米苏|Tiramisu|48", "烤南瓜沙拉|Roast pumpkin salad|58"),
        ("pizza", "spaghetti", "wine-glass", "cheese-wedge", "green-salad", "bread", "cooking", "fork-and-knife-with-plate"),
        5, (88, 188), MEALS, ("date", "terrace", "brunch"),
    ),
    Trade(
        "asian", 6,
        _texts("居酒屋|Izakaya", "寿司|Sushi", "拉面|Ramen", "韩食|Korean Table", "泰餐|Thai Kitchen", "越南粉|Pho"),
        _menu("豚骨拉面|Tonkotsu ramen|48", "寿司八贯|Eight pieces of sushi|98", "烤鸡串五本|Five yakitori|58", "石锅拌饭|Bibimbap|46",
              "冬阴功汤|Tom yum|68", "火车头河粉|Pho dac biet|42", "双人定食|Set for two|158", "芒果糯米饭|Mango sticky rice|32"),
        ("sushi", "steaming-bowl", "bento-box", "oden", "fried-shrimp", "curry-rice", "sake", "rice-ball"),
        350, (45, 128), MEALS, ("date", "solo", "late"),
    ),
    Trade(
        "bakery", 9,
        _texts("面包房|Bakery", "甜品|Desserts", "蛋糕店|Cakes", "糕团店|Rice Cakes", "冰淇淋|Gelato", "烘焙|Bakehouse"),
        _menu("海盐可颂|Sea salt croissant|18", "天然酵母乡村包|Country sourdough|38", "栗子蒙布朗|Mont blanc|42", "定胜糕|Dingsheng cake|6",
              "青团一盒|Box of qingtuan|36", "手工冰淇淋双球|Two scoops of gelato|36", "六寸生日蛋糕|Birthday cake, 6 inch|168", "面包盲盒|Bread surprise bag|39"),
        ("croissant", "baguette-bread", "shortcake", "cupcake", "ice-cream", "doughnut", "moon-cake", "pancakes"),
        70, (18, 48), DAY, ("kids", "gift", "quick"),
    ),
    Trade(
        "bar", 7,
        _texts("酒吧|Bar", "精酿|Taproom", "小酒铺|Wine Shop", "清吧|Quiet Bar", "爵士酒吧|Jazz Bar", "酒馆|Tavern"),
        _menu("招牌鸡尾酒|Signature cocktail|78", "本地精酿一品脱|Pint of local craft|48", "自然酒一杯|Glass of natural wine|68", "四杯品鉴|Flight of four|118",
              "炸物拼盘|Fried platter|58", "双人微醺套餐|Drinks for two|198", "无酒精特调|Alcohol-free special|42"),
        ("cocktail-glass", "beer-mug", "wine-glass", "tumbler-glass", "saxophone", "crescent-moon", "clinking-glasses", "musical-notes"),
        290, (78, 148), NIGHT, ("late", "music", "date"),
    ),
    Trade(
        "shopping", 7,
        _texts("买手店|Select Store", "古着|Vintage", "杂货铺|General Goods", "唱片行|Records", "花店|Flowers", "文具店|Stationery", "陶器店|Ceramics"),
        _menu("手作陶杯|Hand-thrown cup|128", "当季花束|Seasonal bouquet|98", "帆布包|Canvas tote|89", "二手黑胶|Second-hand vinyl|120",
              "手帐礼盒|Notebook gift box|78", "香薰蜡烛|Scented candle|138", "古着衬衫|Vintage shirt|168"),
        ("handbag", "bouquet", "optical-disk", "shopping-bags", "candle", "amphora", "scissors", "t-shirt"),
        320, (80, 220), STORE, ("gift", "browse", "design"),
    ),
    Trade(
        "culture", 6,
        _texts("美术馆|Art Space", "书店|Bookshop", "小剧场|Little Theatre", "展览馆|Gallery", "手作工坊|Craft Studio", "陶艺教室|Pottery Studio"),
        _menu("单人展票|Exhibition ticket|58", "双人展票|Exhibition for two|98", "陶艺体验 2 小时|Pottery, 2 hours|168", "银戒手作|Make a silver ring|238",
              "话剧普通席|Theatre seat|120", "版画课|Printmaking class|198", "盲盒选书|Blind date with a book|45"),
        ("artist-palette", "open-book", "performing-arts", "framed-picture", "amphora", "ticket", "thread", "camera"),
        265, (58, 198), CLASS, ("rainy-day", "kids", "make"),
    ),
    Trade(
        "wellness", 6,
        _texts("瑜伽|Yoga", "足道|Foot Massage", "健身|Gym", "攀岩馆|Climbing Hall", "理发店|Barber", "养生馆|Wellness"),
        _menu("单次瑜伽课|Single yoga class|89", "肩颈放松 60 分钟|Neck and shoulders, 60 min|168", "足疗 70 分钟|Foot massage, 70 min|138", "攀岩体验|Climbing taster|98",
              "剪发|Haircut|88", "健身十次卡|Ten gym visits|500", "艾灸理疗|Moxibustion|128"),
        ("person-in-lotus-position", "lotus", "person-climbing", "barber-pole", "flexed-biceps", "person-getting-massage", "bathtub", "four-leaf-clover"),
        180, (68, 198), ("Mo-Su 10:00-22:00", "Mo-Fr 07:00-22:00; Sa,Su,PH 09:00-20:00", "Mo-Su 11:00-23:30"), ("relax", "solo", "after-work"),
    ),
    Trade(
        "travel", 4,
        _texts("民宿|Guesthouse", "客栈|Inn", "露营地|Camp", "游船|Boats", "城市漫步|City Walks", "骑行社|Cycling Club"),
        _menu("大床房一晚|Double room, one night|388", "湖上游船|Boat on the lake|68", "城市漫步半日|Half-day city walk|99", "露营下午茶|Camp afternoon tea|158",
              "骑行租车一日|Bicycle for a day|45", "采茶体验|Tea picking|128"),
        ("house-with-garden", "tent", "canoe", "bicycle", "mountain", "compass", "luggage", "sunrise-over-mountains"),
        205, (68, 388), (*STAY, "Mo-Su 08:30-17:30", "Mo-Su 09:00-18:00"), ("view", "family", "weekend"),
    ),
    Trade(
        "home", 4,
        _texts("家居|Home", "家具工坊|Furniture Workshop", "灯具|Lighting", "布艺|Textiles", "园艺|Garden Shop"),
        _menu("手工木凳|Hand-made stool|268", "亚麻桌布|Linen tablecloth|158", "龟背竹一盆|Potted monstera|88", "夜灯|Night lamp|138", "木勺手作课|Spoon carving class|188"),
        ("couch-and-lamp", "chair", "potted-plant", "light-bulb", "wood", "thread", "hammer", "window"),
        90, (88, 268), STORE, ("design", "gift", "make"),
    ),
)
# fmt: on

LEAVES: dict[str, str] = {
    "咖啡烘焙所": "roastery", "茶室": "teahouse", "茶馆": "teahouse", "围炉煮茶": "teahouse", "奶茶": "milk-tea",
    "家常菜": "local", "私房菜": "local", "酒家": "local", "牛肉面": "noodle-shop", "片儿川": "noodle-shop", "拌川": "noodle-shop",
    "小面": "noodle-shop", "米粉": "noodle-shop", "馄饨": "buns", "生煎": "buns", "包子铺": "breakfast", "面包房": "bread", "烘焙": "bread",
    "甜品": "cake", "蛋糕店": "cake", "糕团店": "cake", "冰淇淋": "ice-cream", "精酿": "pub", "酒馆": "pub", "披萨": "burger",
    "买手店": "buyer-shop", "古着": "clothes", "杂货铺": "gifts", "文具店": "gifts", "陶器店": "gifts", "唱片行": "gifts", "花店": "flowers",
    "美术馆": "museum", "展览馆": "museum", "书店": "bookshop", "小剧场": "theatre", "手作工坊": "workshop", "陶艺教室": "workshop",
    "瑜伽": "fitness", "健身": "fitness", "攀岩馆": "sport", "足道": "massage", "养生馆": "massage", "理发店": "hair",
    "家居": "furniture", "家具工坊": "furniture", "灯具": "furniture", "布艺": "furniture", "园艺": "garden",
}  # fmt: skip


def leaf_of(trade: Trade, ending: Text) -> str:
    """Return the leaf of the category tree that a shop with this ending to its name belongs to."""
    return LEAVES.get(ending.zh, trade.category)
