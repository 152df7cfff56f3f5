"""The ground of the demo city: a river, a lake, parks, eight districts and their streets.

Everything is drawn on a plane in metres (x east, y north) around `CENTRE` and turned into WGS-84 degrees at the end.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

Point = tuple[float, float]

CENTRE = (29.3060, 120.9840)  # latitude, longitude; hills in reality, so nobody mistakes the city for a real one
HALF_WIDTH_M, HALF_HEIGHT_M = 4300.0, 3300.0
RIVER_HALF_WIDTH_M = 130.0


@dataclass(frozen=True)
class DistrictPlan:
    """A district before it is drawn: `seat` is its middle in metres, `angle` the bearing of its streets in degrees."""

    code: str
    name_zh: str
    name_en: str
    seat: Point
    angle: float
    station_zh: str
    station_en: str
    streets: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class StreetLine:
    """A drawn street: `line` in metres, at least two points."""

    code: str
    district: str
    name_zh: str
    name_en: str
    line: tuple[Point, ...]


def _streets(*pairs: str) -> tuple[tuple[str, str], ...]:
    return tuple((pair.split("|")[0], pair.split("|")[1]) for pair in pairs)


PLANS: tuple[DistrictPlan, ...] = (
    DistrictPlan(
        "gulou",
        "鼓楼",
        "Drum Tower",
        (150, 250),
        8,
        "鼓楼站",
        "Drum Tower Station",
        _streets(
            "鼓楼街|Drum Tower Street",
            "织造巷|Weavers' Lane",
            "桂花弄|Osmanthus Alley",
            "文庙路|Wenmiao Road",
            "油坊街|Oil Mill Street",
            "石榴巷|Pomegranate Lane",
            "河坊里|Hefang Li",
            "三元街|Sanyuan Street",
            "打铜巷|Coppersmith Lane",
            "旗杆弄|Flagpole Alley",
            "府前街|Fuqian Street",
            "青砖巷|Greybrick Lane",
        ),
    ),
    DistrictPlan(
        "hubin",
        "湖滨",
        "Lakeside",
        (-1750, 1350),
        -14,
        "湖滨站",
        "Lakeside Station",
        _streets(
            "湖滨路|Lakeside Road",
            "荷风街|Lotus Breeze Street",
            "柳浪巷|Willow Lane",
            "望湖里|Lake View Li",
            "船埠街|Boathouse Street",
            "白鹭路|Egret Road",
            "杏花弄|Apricot Alley",
            "听雨街|Rain Street",
            "三潭路|Three Pools Road",
            "菱角巷|Water Chestnut Lane",
            "堤上街|Causeway Street",
        ),
    ),
    DistrictPlan(
        "matou",
        "码头",
        "The Docks",
        (1500, -650),
        32,
        "老码头站",
        "Old Docks Station",
        _streets(
            "码头路|Dock Road",
            "盐仓街|Salt Store Street",
            "灯塔巷|Lighthouse Lane",
            "缆绳街|Rope Street",
            "船厂路|Shipyard Road",
            "渔市弄|Fish Market Alley",
            "三号仓|Warehouse Three",
            "潮水街|Tide Street",
            "铁锚巷|Anchor Lane",
            "红砖街|Red Brick Street",
            "吊车路|Crane Road",
        ),
    ),
    DistrictPlan(
        "daxue",
        "大学城",
        "University Town",
        (2600, 1500),
        -4,
        "大学城站",
        "University Station",
        _streets(
            "学府路|Xuefu Road",
            "书院街|Academy Street",
            "梧桐道|Plane Tree Avenue",
            "操场后街|Back of the Track",
            "银杏路|Ginkgo Road",
            "图书馆街|Library Street",
            "北门夜市街|North Gate Night Market",
            "青年里|Youth Li",
            "实验路|Laboratory Road",
            "钟声巷|Bell Lane",
            "二食堂弄|Second Canteen Alley",
        ),
    ),
    DistrictPlan(
        "dongzhan",
        "东站",
        "East Station",
        (3150, -1350),
        18,
        "东站",
        "East Station",
        _streets(
            "迎宾大道|Welcome Avenue",
            "站前街|Station Front Street",
            "货场路|Goods Yard Road",
            "候鸟街|Migrant Bird Street",
            "信号巷|Signal Lane",
            "月台弄|Platform Alley",
            "时刻路|Timetable Road",
            "长安里|Chang'an Li",
            "启程街|Departure Street",
            "旅人巷|Travellers' Lane",
        ),
    ),
    DistrictPlan(
        "chashan",
        "茶山",
        "Tea Hill",
        (-2700, -1350),
        40,
        "茶山站",
        "Tea Hill Station",
        _streets(
            "茶山路|Tea Hill Road",
            "龙井坡|Longjing Slope",
            "采茶弄|Tea Pickers' Alley",
            "云栖街|Cloud Rest Street",
            "竹影路|Bamboo Shade Road",
            "泉眼巷|Spring Lane",
            "石阶街|Stone Steps",
            "松风里|Pine Wind Li",
            "山门路|Hill Gate Road",
            "炒青巷|Wok Green Lane",
        ),
    ),
    DistrictPlan(
        "xinan",
        "新岸",
        "New Bank",
        (-350, -1950),
        -22,
        "新岸站",
        "New Bank Station",
        _streets(
            "新岸大道|New Bank Avenue",
            "江景路|River View Road",
            "云帆街|Cloud Sail Street",
            "金融里|Finance Li",
            "天桥街|Skybridge Street",
            "星光路|Starlight Road",
            "镜面巷|Mirror Lane",
            "未来街|Future Street",
            "玻璃弄|Glass Alley",
            "广场南路|Plaza South Road",
            "塔影街|Tower Shade Street",
        ),
    ),
    DistrictPlan(
        "fangzhi",
        "纺织厂",
        "Old Mill",
        (700, 2250),
        12,
        "纺织厂站",
        "Old Mill Station",
        _streets(
            "梭子街|Shuttle Street",
            "染坊路|Dye House Road",
            "锅炉巷|Boiler Lane",
            "厂门街|Mill Gate Street",
            "纱线弄|Yarn Alley",
            "机修路|Fitters' Road",
            "女工街|Mill Girls' Street",
            "烟囱里|Chimney Li",
            "布票巷|Cloth Coupon Lane",
            "夜班街|Night Shift Street",
        ),
    ),
)

RIVER: tuple[Point, ...] = (
    (-4600, 2500),
    (-3300, 2750),
    (-2300, 2350),
    (-1250, 2250),
    (-650, 1550),
    (-950, 700),
    (-700, -150),
    (200, -650),
    (800, -1350),
    (1750, -1900),
    (2900, -2250),
    (4600, -2800),
)
LAKE: tuple[Point, ...] = tuple(
    (-2850 + (980 + 130 * math.sin(3 * a)) * math.cos(a), 250 + (720 + 90 * math.cos(2 * a)) * math.sin(a))
    for a in (math.tau * i / 48 for i in range(48))
)
PARKS: tuple[tuple[str, str, Point, float, float], ...] = (
    ("茶山公园", "Tea Hill Park", (-3500, -2000), 620, 480),
    ("鼓楼公园", "Drum Tower Green", (560, 560), 190, 130),
    ("湖心堤", "Causeway Gardens", (-1780, 720), 160, 210),
    ("江滩公园", "River Flats", (250, -1250), 330, 120),
    ("植物园", "Botanic Garden", (3450, 2350), 420, 330),
    ("厂史绿地", "Mill Yard Green", (1150, 2700), 210, 150),
)


def to_degrees(point: Point) -> Point:
    """Return (latitude, longitude) of a point on the plane."""
    x, y = point
    return (
        round(CENTRE[0] + y / 111_320, 6),
        round(CENTRE[1] + x / (111_320 * math.cos(math.radians(CENTRE[0]))), 6),
    )


def to_geojson(points: Sequence[Point]) -> list[list[float]]:
    """Return the points as GeoJSON positions, longitude first."""
    return [[longitude, latitude] for latitude, longitude in map(to_degrees, points)]


def inside(point: Point, outline: Sequence[Point]) -> bool:
    """Return whether a point lies inside a closed outline (even-odd rule)."""
    x, y = point
    hit = False
    for (x1, y1), (x2, y2) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            hit = not hit
    return hit


def _clip(outline: list[Point], normal: Point, offset: float) -> list[Point]:
    """Return the part of a convex outline where `normal . p <= offset` (Sutherland and Hodgman, 1974)."""
    kept: list[Point] = []
    for p, q in zip(outline, outline[1:] + outline[:1], strict=True):
        a = normal[0] * p[0] + normal[1] * p[1] - offset
        b = normal[0] * q[0] + normal[1] * q[1] - offset
        if a <= 0:
            kept.append(p)
        if a * b < 0:
            s = a / (a - b)
            kept.append((p[0] + s * (q[0] - p[0]), p[1] + s * (q[1] - p[1])))
    return kept


def district_outline(plan: DistrictPlan) -> list[Point]:
    """Return the land nearer to this district's seat than to any other (its Voronoi cell inside the city)."""
    w, h = HALF_WIDTH_M, HALF_HEIGHT_M
    outline: list[Point] = [
        (-w, -h + 700),
        (-w + 800, -h),
        (w - 900, -h),
        (w, -h + 600),
        (w, h - 800),
        (w - 700, h),
        (-w + 900, h),
        (-w, h - 500),
    ]
    for other in PLANS:
        if other is plan:
            continue
        (ax, ay), (bx, by) = plan.seat, other.seat
        outline = _clip(outline, (bx - ax, by - ay), (bx * bx + by * by - ax * ax - ay * ay) / 2)
    return outline


def smooth(points: Sequence[Point], rounds: int = 3) -> list[Point]:
    """Return the polyline with its corners cut (Chaikin, 1974)."""
    line = list(points)
    for _ in range(rounds):
        cut = [line[0]]
        for (x1, y1), (x2, y2) in pairwise(line):
            cut += [(0.75 * x1 + 0.25 * x2, 0.75 * y1 + 0.25 * y2), (0.25 * x1 + 0.75 * x2, 0.25 * y1 + 0.75 * y2)]
        line = [*cut, line[-1]]
    return line


def river_outline() -> list[Point]:
    """Return the river as a closed outline, its centre line widened to both sides."""
    line = smooth(RIVER)
    left: list[Point] = []
    right: list[Point] = []
    for i, (x, y) in enumerate(line):
        (x1, y1), (x2, y2) = line[max(i - 1, 0)], line[min(i + 1, len(line) - 1)]
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        nx, ny = -(y2 - y1) / length, (x2 - x1) / length
        half = RIVER_HALF_WIDTH_M * (1 + 0.35 * math.sin(i / 5))
        left.append((x + nx * half, y + ny * half))
        right.append((x - nx * half, y - ny * half))
    return left + right[::-1]


def park_outline(park: tuple[str, str, Point, float, float]) -> list[Point]:
    """Return a park as a soft blob around its middle."""
    _, _, (cx, cy), rx, ry = park
    angles = (math.tau * i / 24 for i in range(24))
    return [
        (cx + rx * math.cos(a) * (1 + 0.12 * math.sin(3 * a)), cy + ry * math.sin(a) * (1 + 0.1 * math.cos(2 * a)))
        for a in angles
    ]


def on_water(point: Point, river: Sequence[Point]) -> bool:
    """Return whether a point is in the lake or the river."""
    return inside(point, LAKE) or inside(point, river)


def _dry_run(points: list[Point], outline: Sequence[Point], river: Sequence[Point]) -> list[Point]:
    """Return the longest run of points inside the district and off the water."""
    best: list[Point] = []
    run: list[Point] = []
    for point in points:
        if inside(point, outline) and not on_water(point, river):
            run.append(point)
            best = max(best, run, key=len)
        else:
            run = []
    return list(best)


def draw_streets(plan: DistrictPlan, random: Random) -> list[StreetLine]:
    """Return the streets of a district: two bundles of nearly parallel lines, bent a little, ending at its border."""
    outline, river = district_outline(plan), river_outline()
    lines: list[StreetLine] = []
    along = (len(plan.streets) + 1) // 2
    for number, (name_zh, name_en) in enumerate(plan.streets):
        crossing = number >= along
        angle = math.radians(plan.angle + (90 if crossing else 0) + random.uniform(-5, 5))
        rank = number - along if crossing else number
        count = len(plan.streets) - along if crossing else along
        offset = (rank - (count - 1) / 2) * random.uniform(185, 225)
        dx, dy = math.cos(angle), math.sin(angle)
        ox, oy = plan.seat[0] - dy * offset, plan.seat[1] + dx * offset
        bend, phase, reach = random.uniform(10, 45), random.uniform(0, math.tau), random.uniform(650, 1050)
        points = []
        for step in range(-18, 19):
            s = step / 18 * reach
            sway = bend * math.sin(s / 420 + phase)
            points.append((ox + dx * s - dy * sway, oy + dy * s + dx * sway))
        dry = _dry_run(points, outline, river)
        if len(dry) >= 6:
            lines.append(StreetLine(f"{plan.code}-{number + 1}", plan.code, name_zh, name_en, tuple(dry)))
    return lines


def point_beside(line: Sequence[Point], random: Random) -> Point:
    """Return a shop front: a random point of a street, a few metres to one side."""
    i = random.randrange(len(line) - 1)
    (x1, y1), (x2, y2) = line[i], line[i + 1]
    s, side = random.random(), random.choice((-1, 1)) * random.uniform(7, 16)
    length = math.hypot(x2 - x1, y2 - y1) or 1.0
    return (x1 + s * (x2 - x1) - (y2 - y1) / length * side, y1 + s * (y2 - y1) + (x2 - x1) / length * side)


def station_of(plan: DistrictPlan) -> Point:
    """Return where a district's station is: a little beside its middle."""
    angle = math.radians(plan.angle + 45)
    return (plan.seat[0] + 140 * math.cos(angle), plan.seat[1] + 140 * math.sin(angle))


AVENUES: tuple[tuple[str, ...], ...] = (
    ("hubin", "gulou", "matou", "dongzhan"),
    ("chashan", "xinan", "gulou", "fangzhi"),
    ("hubin", "fangzhi", "daxue", "dongzhan"),
    ("chashan", "hubin"),
    ("xinan", "matou", "daxue"),
    ("gulou", "daxue"),
    ("xinan", "dongzhan"),
)


def draw_avenues() -> list[list[Point]]:
    """Return the main roads from district to district, as smooth lines in metres; they cross the river by bridges."""
    seats = {plan.code: plan.seat for plan in PLANS}
    lines = []
    for codes in AVENUES:
        bent = [seats[codes[0]]]
        for before, after in pairwise(codes):
            (x1, y1), (x2, y2) = seats[before], seats[after]
            bent += [((x1 + x2) / 2 + (y2 - y1) * 0.08, (y1 + y2) / 2 - (x2 - x1) * 0.08), (x2, y2)]
        lines.append(smooth(bent))
    return lines
