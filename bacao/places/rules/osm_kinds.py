"""Which things of OpenStreetMap are places people go to, and in which category (docs/guide/importing.md).

A thing is judged by its `amenity`, `shop`, `craft`, `leisure`, `tourism` in this order; the first that is in a table
counts. Whatever is in no table is skipped, under the heading `group_of` gives it.
"""

import re

from bacao.kit.text import Text


def _table(rows: str) -> dict[str, str]:
    """Read lines of `category: value value ...` into value -> category."""
    pairs = (line.split(":", 1) for line in rows.strip().splitlines())
    return {value: category.strip() for category, values in pairs for value in values.split()}


CATEGORY_OF = {
    "amenity": _table("""
        cafe: cafe
        teahouse: tea teahouse
        milk-tea: juice_bar bubble_tea
        chinese: restaurant
        fast-food: fast_food
        food-court: food_court
        ice-cream: ice_cream
        bar: bar
        pub: pub biergarten
        club: nightclub
        karaoke: karaoke_box
        market: marketplace
        cinema: cinema
        theatre: theatre music_venue events_venue
        museum: arts_centre exhibition_centre planetarium
        library: library
        culture: internet_cafe
        travel: boat_rental
        bath: public_bath
        massage: spa
    """),
    "shop": _table("""
        buyer-shop: boutique concept fashion designer
        clothes: clothes shoes bag fashion_accessories second_hand charity jewelry watches leather fabric
        flowers: florist
        gifts: gift stationery art craft music musical_instrument frame games video_games candles pottery
        grocery: convenience supermarket deli greengrocer farm butcher seafood alcohol wine beverages dairy cheese
        mall: mall department_store
        bookshop: books
        bread: bakery
        cake: pastry confectionery chocolate
        ice-cream: ice_cream
        teahouse: tea
        roastery: coffee
        hair: hairdresser beauty cosmetics perfumery nails
        massage: massage
        sport: sports outdoor bicycle fishing
        furniture: furniture interior_decoration kitchen bed curtain carpet lighting houseware antiques
        garden: garden_centre houseplants
        pets: pet pet_grooming
        kids: toys baby_goods
        repair: laundry dry_cleaning tailor shoe_repair optician photo
        travel: travel_agency ticket
        shopping: general kiosk electronics mobile_phone computer hifi camera variety_store collector
    """),
    "craft": _table("""
        workshop: pottery jeweller woodcarver basket_maker bookbinder goldsmith atelier sculptor calligraphy
        roastery: coffee_roaster
        bread: bakery
        cake: confectionery
        bar: brewery winery distillery
        repair: tailor shoemaker watchmaker photographer optician dressmaker
    """),
    "leisure": _table("""
        fitness: fitness_centre dance
        sport: sports_centre sports_hall stadium swimming_pool bowling_alley ice_rink golf_course water_park
        bath: sauna
        culture: escape_game amusement_arcade
        sights: park garden nature_reserve
    """),
    "tourism": _table("""
        travel: hotel guest_house hostel motel apartment chalet camp_site caravan_site resort wilderness_hut
        sights: attraction viewpoint zoo aquarium theme_park
        museum: museum gallery
    """),
}

CATEGORY_OF_CUISINE = _table("""
    cafe: coffee_shop coffee
    milk-tea: bubble_tea juice
    teahouse: tea
    local: local regional hangzhou zhejiang 片儿川
    sichuan: sichuan hunan chongqing spicy
    cantonese: cantonese dim_sum
    seafood: seafood fish 小龙虾 crayfish
    barbecue: barbecue bbq grill skewers
    halal: hui halal uyghur xinjiang
    hotpot: hotpot hot_pot 重庆火锅
    noodle-shop: noodle noodles lamian
    buns: baozi dumplings dumpling jiaozi
    breakfast: breakfast pancake
    fast-food: chicken sandwich hot_dog friture fried_chicken
    burger: burger pizza italian_pizza
    western: italian pasta american mexican steak_house steak western french spanish mediterranean greek german
    western: fine_dining tapas salad european international turkish
    asian: japanese sushi ramen korean thai vietnamese indian indonesian malaysian asian curry tepanyaki teppanyaki
    asian: arab arabic kebab lebanese singaporean
    cake: cake dessert donut waffle
    bread: bakery
    ice-cream: ice_cream frozen_yogurt
    chinese: chinese
""")

# where neither kind nor cuisine says more than "food", the name does
CATEGORY_OF_NAME = (
    ("hotpot", re.compile("火锅|涮|麻辣[烫燙]|冒菜|串串|(?i:hot ?pot)")),
    ("noodle-shop", re.compile("面馆|面館|拉面|拌川|小面|牛肉面|米粉|米线|粉店|(?i:noodle)")),
    ("buns", re.compile("包子|饺子|馄饨|小笼|生煎|沙县")),
    ("breakfast", re.compile("豆浆|早点|早餐|煎饼|粥")),
    ("barbecue", re.compile("烧烤|烤肉|烤鱼|炸串|(?i:barbecue|bbq)")),
    ("sichuan", re.compile("川味|川菜|湘菜|重庆|四川")),
    ("cantonese", re.compile("港式|茶餐厅|粤|潮汕")),
    ("seafood", re.compile("海鲜|渔港|龙虾")),
    ("halal", re.compile("清真|兰州|新疆|(?i:muslim|halal)")),
    ("local", re.compile("杭帮|外婆家|楼外楼|知味观|新白鹿|新丰小吃|奎元馆|绍兴|农家")),
    ("burger", re.compile("汉堡|披萨|必胜客|(?i:pizza|burger)")),
    ("western", re.compile("西餐|牛排|意大利|(?i:steak|bistro|grill)")),
    ("asian", re.compile("寿司|日料|居酒屋|日本|韩国|泰国|越南|印度|(?i:sushi|korea|ramen|thai|indian|banana leaf)")),
    ("milk-tea", re.compile("奶茶|茶饮|喜茶|乐乐茶|古茗|蜜雪|都可|(?i:bubble tea)")),
    ("teahouse", re.compile("茶馆|茶楼|茶室|茶庄|(?i:tea ?house)")),
    ("cafe", re.compile("咖啡|(?i:coffee|caf[eé])")),
    ("cake", re.compile("蛋糕|甜品|烘焙|(?i:bakery|cake)")),
)  # fmt: skip
NOT_FOR_EVERYBODY = re.compile(
    "^食堂$|(?:学校|学生|研究生|教工|职工|员工|学员|清真|风味|配套|[东西南北]区|号?楼|苑|期|第[一二三四五六七八九十]+)食堂"
    "|(?:员工|教工|职工|学员|警苑|第[一二三四五六七八九十]+)餐厅|休息室|贵宾|(?i:^canteen$|^[ck]antine$)"
)
VAGUE = {"chinese", "fast-food", "cafe"}  # categories a cuisine or a name may make more exact

GROUP_OF = _table("""
    transport: bicycle_rental parking parking_entrance parking_space bus_station fuel bicycle_parking ferry_terminal
    transport: taxi charging_station car_rental car_wash motorcycle_parking bicycle_repair_station battery_swap
    transport: vehicle_inspection ticket_validator car_sharing car_repair
    education: school kindergarten university college driving_school driver_training prep_school research_institute
    education: research childcare language_school music_school
    health: hospital clinic doctors dentist pharmacy social_facility veterinary nursing_home
    offices: bank atm police townhall post_office fire_station courthouse prison community_centre social_centre
    offices: public_building conference_centre studio security_control parcel_locker post_box
    street: toilets bench waste_basket shelter recycling vending_machine waste_disposal waste_transfer_station
    street: telephone drinking_water clock fountain water_point lavoir
    faith: place_of_worship grave_yard monastery
""")
REASONS = {
    "transport": Text("交通与停车", "transport and parking"),
    "education": Text("学校与科研", "schools and research"),
    "health": Text("医疗与照护", "health and care"),
    "offices": Text("机关与公共服务", "offices and public services"),
    "street": Text("街道设施", "street furniture"),
    "faith": Text("宗教与墓地", "faith and graves"),
    "other": Text("其他用途", "other uses"),
    "no_kind": Text("没有用途，多为外形", "no use given, mostly outlines"),
    "no_name": Text("没有名字", "no name"),
    "not_public": Text("不对外开放", "not for everybody"),
    "given_up": Text("已停业", "given up"),
    "no_position": Text("没有位置", "no position"),
    "repeated": Text("在别的文件里已读到", "read in another file already"),
    "drawn_twice": Text("同一家店画了两次", "the same shop drawn twice"),
}


def category_of(tags: dict[str, str], name: str) -> str | None:
    """Return the category of a thing, or None where it is no place people go to."""
    kinds = (table.get(value) for key, table in CATEGORY_OF.items() for value in _values(tags.get(key, "")))
    found = next(filter(None, kinds), None)
    cuisines = list(filter(None, map(CATEGORY_OF_CUISINE.get, _values(tags.get("cuisine", "")))))
    if found not in VAGUE or (found in cuisines and found != "chinese"):
        return found
    exact = next((category for category in cuisines if category not in VAGUE), None)
    named = next((category for category, words in CATEGORY_OF_NAME if words.search(name)), None)
    return exact or named or (cuisines[0] if cuisines else found)


def group_of(tags: dict[str, str]) -> tuple[str, str]:
    """Return under which heading a thing that is no shop is counted, and its own kind."""
    kind = next((tags[key] for key in CATEGORY_OF if key in tags), "")
    return GROUP_OF.get(kind, "other"), kind


def _values(tag: str) -> list[str]:
    return [value.strip().lower() for value in tag.replace(",", ";").split(";")]
