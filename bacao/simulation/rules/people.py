"""Who lives in the demo city."""

from random import Random

from bacao.kit.text import Text

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈姚卢"
GIVEN = (
    "小满 一诺 子墨 雨桐 思远 梓涵 佳宁 明轩 若曦 晓彤 文博 书瑶 嘉树 念安 清和 南乔 知夏 星野 阿宁 可欣 予安 青禾 景行 沐阳 "
    "听澜 晨光 乐之 云舒 初一 果果 阿树 静姝 浩然 雪见 丹青 海棠 远山 望舒 秋白 闻溪"
).split()
HANDLES = (
    "爱吃的橘子 周末不加班 城南旧事 走路去海边 阿布的胃 三点半下班 一个人吃饭 猫在窗台 今天喝什么 老街观察员 面食研究所 "
    "咖啡因依赖 慢半拍 小镇做题家 汽水味夏天 骑车的鱼 米饭三碗 半糖去冰 胶片没洗 阿婆的菜篮 夜宵联盟 东站候车 茶山信使 "
    "湖边散步者 早起失败 甜食警察 三号仓常客 楼下见 走街串巷 雨天书店 Mia在路上 Leo的一周 Nora走走 Hana Tomas在鼓楼 Ines Felix吃面 Joan"
).split()
AVATARS = (
    "cat-face dog-face fox panda rabbit-face bear koala tiger-face hamster frog penguin owl hatching-chick turtle octopus "
    "whale butterfly lady-beetle tangerine avocado peach cherries mushroom cactus sunflower four-leaf-clover "
    "person-raising-hand person-curly-hair man-beard woman-curly-hair older-person"
).split()
ENGLISH_HANDLES = {"Mia在路上", "Leo的一周", "Nora走走", "Hana", "Tomas在鼓楼", "Ines", "Felix吃面", "Joan"}


def person_name(random: Random) -> str:
    """Return a believable full name."""
    return random.choice(SURNAMES) + random.choice(GIVEN)


def tagline(random: Random) -> Text:
    """Return one line that a creator might write of themselves."""
    return random.choice(
        (
            Text("在老城住了十年，只写真的去过的店", "Ten years in the old town; I only write what I ate"),
            Text("一周七天，八顿面", "Seven days, eight bowls of noodles"),
            Text("带小孩也能去的地方", "Places that are kind to children"),
            Text("咖啡、雨天、旧书", "Coffee, rain, old books"),
            Text("人均一百以内的快乐", "Happiness under a hundred"),
            Text("夜班结束以后还开着的灯", "Lights still on after the late shift"),
        )
    )
