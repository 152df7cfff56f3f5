"""What shops of the demo city are called: a poetic half, or the name of a family."""

from bacao.kit.text import Text


def _texts(*pairs: str) -> tuple[Text, ...]:
    return tuple(Text(*pair.split("|")) for pair in pairs)


# fmt: off
POETIC: tuple[Text, ...] = _texts(
    "山野|Wild Hill", "拾光|Found Light", "半亩|Half Acre", "见南|Facing South", "雾里|In the Mist", "一树|One Tree", "长夏|Long Summer",
    "慢慢|Slowly", "南风|South Wind", "小满|Grain Full", "白露|White Dew", "谷雨|Grain Rain", "檐下|Under the Eaves", "渡口|Ferry",
    "鹿鸣|Deer Call", "蓝瓦|Blue Tile", "青石|Greystone", "隔壁|Next Door", "转角|Corner", "阿福|A-Fu", "月台|Platform", "野渡|Wild Crossing",
    "不二|No Second", "三餐|Three Meals", "四时|Four Seasons", "早安|Good Morning", "晚风|Evening Breeze", "木白|Mubai", "大橘|Big Ginger",
    "鲸落|Whale Fall", "北纬|Northern", "松果|Pine Cone", "纸飞机|Paper Plane", "旧时光|Old Days", "云朵|Cloud", "柚子|Pomelo", "芒种|Bearded Grain",
    "立秋|Early Autumn", "河岸|Riverbank", "星期八|Day Eight", "二楼|Upstairs", "邻里|Neighbours", "有间|There Is A", "橡皮|Eraser", "稻草人|Scarecrow",
    "蜗牛|Snail", "初雪|First Snow", "十字路口|Crossroads", "麦田|Wheat Field", "白塔|White Tower", "知了|Cicada", "夏天|Summer", "铁皮|Tin Roof",
    "朝山|Morning Hill", "浮生|Floating Life", "一粟|One Grain", "海螺|Conch", "灯下|Lamplight", "信号|Signal", "候鸟|Migrant",
    "花间|Among Flowers", "石头|Stone", "野生|Untamed", "鹅黄|Gosling Yellow", "午后|Afternoon", "一颗|Single Bean", "林间|In the Woods", "回声|Echo",
)
FAMILY: tuple[Text, ...] = _texts(
    "老陈|Old Chen's", "阿娟|A-Juan's", "胖子|Fatty's", "老周|Old Zhou's", "吴家|Wu Family", "阿香|A-Xiang's", "老吉|Old Ji's", "沈记|Shen's",
    "钱大妈|Auntie Qian's", "小孙|Young Sun's", "徐记|Xu's", "老宋|Old Song's", "方家|Fang Family", "阿坤|A-Kun's", "三姐|Third Sister's",
    "丁记|Ding's", "老沈|Old Shen's", "毛家|Mao Family", "阿明|A-Ming's", "何记|He's", "外婆|Grandma's", "章记|Zhang's", "老弄堂|Old Lane",
    "王婆|Granny Wang's", "楼下|Downstairs", "陆家|Lu Family", "朱记|Zhu's", "二毛|Ermao's", "阿婆|Granny's", "老街|Old Street", "郑记|Zheng's",
    "四喜|Four Joys", "庆丰|Good Harvest", "聚兴|Juxing", "德胜|Desheng", "万隆|Wanlong", "同春|Tongchun", "知味|Zhiwei", "奎元|Kuiyuan", "状元|Zhuangyuan",
)
# fmt: on
