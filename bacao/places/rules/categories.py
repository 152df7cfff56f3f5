"""The category tree: two levels, because a person chooses with a thumb (U03)."""

import re
from typing import NamedTuple


class CategoryRow(NamedTuple):
    """One category; `emoji` names a Fluent picture, `tint` is a hue in degrees, `parent` empty for a top category."""

    code: str
    parent: str
    name_zh: str
    name_en: str
    emoji: str
    tint: int


_TREE = """
cafe        咖啡            Coffee                hot-beverage             28
  roastery    精品烘焙        Specialty roastery    chestnut
tea         茶饮            Tea                   teacup-without-handle    140
  teahouse    茶馆            Tea house             teapot
  milk-tea    奶茶果茶        Milk tea & juice      bubble-tea
chinese     中餐            Chinese food          pot-of-food              20
  local       本地菜          Local cuisine         carp-streamer
  sichuan     川湘菜          Sichuan & Hunan       hot-pepper
  cantonese   粤菜茶点        Cantonese & dim sum   dumpling
  seafood     海鲜            Seafood               crab
  barbecue    烧烤            Barbecue              meat-on-bone
  halal       清真            Halal                 flatbread
hotpot      火锅            Hotpot                fire                     8
noodles     面与小吃        Noodles & snacks      steaming-bowl            38
  noodle-shop  面馆           Noodle shop           spaghetti
  buns        包子饺子        Buns & dumplings      dumpling
  breakfast   早点            Breakfast             egg
  fast-food   快餐            Fast food             french-fries
  food-court  美食广场        Food court            fork-and-knife-with-plate
bakery      面包甜品        Bakery & dessert      croissant                60
  bread       面包            Bread                 baguette-bread
  cake        蛋糕甜品        Cakes & desserts      shortcake
  ice-cream   冰淇淋          Ice cream             soft-ice-cream
bar         酒吧            Bars                  cocktail-glass           290
  pub         小酒馆          Pub                   beer-mug
  club        夜店            Night club            mirror-ball
  karaoke     唱歌            Karaoke               microphone
world       西餐亚洲菜      Western & Asian       fork-and-knife           350
  western     西餐            Western               wine-glass
  burger      汉堡披萨        Burgers & pizza       pizza
  asian       日韩东南亚菜    Asian                 sushi
shopping    逛店            Shops                 shopping-bags            320
  buyer-shop  买手店          Buyer shop            handbag
  clothes     服饰古着        Clothes & vintage     t-shirt
  flowers     花店            Flowers               bouquet
  gifts       文创礼物        Gifts & stationery    wrapped-gift
  market      市集菜场        Market                leafy-green
  grocery     便利店超市      Groceries             convenience-store
  mall        商场            Mall                  department-store
culture     文化出游        Culture & trips       artist-palette           262
  sights      景点            Sights                camera
  museum      博物馆与展览    Museums & galleries   framed-picture
  theatre     剧场演出        Theatre & shows       performing-arts
  cinema      电影院          Cinema                clapper-board
  bookshop    书店            Bookshop              open-book
  library     图书馆          Library               books
  workshop    手作体验        Craft workshop        thread
  travel      旅行住宿        Travel & stays        luggage
wellness    养生运动        Wellness & sport      person-in-lotus-position  180
  fitness     健身瑜伽        Gym & yoga            flexed-biceps
  sport       运动场馆        Sports                badminton
  massage     按摩足疗        Massage               lotus
  bath        汤泉浴场        Baths                 hot-springs
  hair        美发美容        Hair & beauty         barber-pole
home        家与生活        Home & life           house-with-garden        90
  furniture   家居            Furniture             couch-and-lamp
  garden      园艺            Garden                potted-plant
  pets        宠物            Pets                  dog-face
  kids        亲子            Kids                  teddy-bear
  repair      洗衣修补        Laundry & repair      scissors
"""


def _rows() -> tuple[CategoryRow, ...]:
    """Read the tree: an indented line is a child of the last one that is not, and shares its tint."""
    rows: list[CategoryRow] = []
    parent, tint = "", 0
    for line in _TREE.strip().splitlines():
        code, name_zh, name_en, emoji, *hue = re.split(r"  +", line.strip())
        if hue:
            parent, tint = code, int(hue[0])
        rows.append(CategoryRow(code, "" if hue else parent, name_zh, name_en, emoji, tint))
    return tuple(rows)


CATEGORIES = _rows()
