"""The golden set of search: what people type, and the place of `test_search.town` that they mean (DS16)."""

GOLDEN = [
    ("鹿里咖啡", "鹿里咖啡"), ("鹿里", "鹿里咖啡"), ("luli coffee", "鹿里咖啡"), ("Luli", "鹿里咖啡"),
    ("LULI  COFFEE", "鹿里咖啡"), ("ｌｕｌｉ", "鹿里咖啡"), ("luli kafei", "鹿里咖啡"), ("luly cofee", "鹿里咖啡"),
    ("鹿里加啡", "鹿里咖啡"), ("路里咖啡", "鹿里咖啡"), ("llkf", "鹿里咖啡"), ("coffe", "~鹿里咖啡"),
    ("老吉士", "老吉士酒家"), ("老吉士酒家", "老吉士酒家"), ("老吉世", "老吉士酒家"), ("laojishi", "老吉士酒家"),
    ("lao ji shi", "老吉士酒家"), ("jishi", "~老吉士酒家"), ("ljs", "老吉士酒家"), ("老鸡士酒家", "老吉士酒家"),
    ("old jishi", "老吉士酒家"), ("jishi bread", "吉士面包"), ("吉士", "吉士面包"), ("武康", "武康大楼书店"),
    ("wukang", "武康大楼书店"), ("武康大搂书店", "武康大楼书店"), ("wukang books", "武康大楼书店"),
    ("火锅", "蜀小川火锅"), ("hotpot", "蜀小川火锅"), ("huoguo", "蜀小川火锅"), ("火锅 人均100以下", "蜀小川火锅"),
    ("hotpot under 100", "蜀小川火锅"), ("湖滨火锅", "蜀小川火锅"), ("虾滑", "蜀小川火锅"),
    ("shrimp paste", "蜀小川火锅"), ("鼓楼 面", "长乐面馆"), ("长乐路面馆", "长乐面馆"), ("changle lu", "长乐面馆"),
    ("武林路", "武林拌川"), ("wulin lu", "武林拌川"), ("wulin road noodles", "武林拌川"), ("面包树", "面包树"),
    ("西湖醋鱼", "西湖醋鱼馆"), ("桂花拿铁", "鹿里咖啡"), ("第三席", "第三席酒吧"), ("third seat", "第三席酒吧"),
    ("7号仓", "7号仓"), ("外婆家", "外婆人家"), ("grandmas home", "外婆人家"), ("手冲", "山野手冲咖啡"),
    ("hand drip", "山野手冲咖啡"), ("旧事", "城南旧事"),
]  # fmt: skip
"""What is typed, and the place that must come first (or be among the first three, marked ~)."""

SPELLINGS = {
    "鹿里咖啡": (
        "鹿里咖啡馆 · 鹿里珈琲 · 鹿里coffee · luli咖啡 · lulikafei · lulicoffee · 鹿裡咖啡 · 鹿里ka啡 · "
        "luli.coffee · lulicofee · ｌｕｌｉｃｏｆｆｅｅ · 麓里咖啡 · 录里咖啡 · 鹿里咖非 · 桂花拿铁 · "
        "luli coffee"
    ),
    "山野手冲咖啡": (
        "山野 · 山野手冲 · shanye · shanye shouchong · 山野手沖咖啡 · sysckf · 山野手冲加啡 · 山冶手冲 · "
        "wild hill · wildhill · 三野手冲咖啡 · 山野shouchong · 山野咖啡 · wild hil · hand drip · 手沖"
    ),
    "老吉士酒家": (
        "老吉士jiujia · 老吉士饭店 · lao jishi · laojishijiujia · ljsjj · 老吉仕酒家 · 老吉士酒 · 佬吉士 · "
        "老记士酒家 · old jishi dining · oldjishi · old jisi · 老吉士餐厅 · 老吉shi · 吉士酒家 · "
        "老吉士酒傢"
    ),
    "吉士面包": (
        "吉士麵包 · jishi mianbao · jsmb · 吉士mianbao · 吉事面包 · 吉士面包房 · jishibread · 吉士bread · "
        "jishi bred · 急士面包 · 吉士面吧 · 吉仕面包"
    ),
    "武康大楼书店": (
        "武康书店 · 武康大楼 · 武康大樓書店 · wukang dalou · wkdlsd · wukangdaloushudian · wukang书店 · "
        "舞康大楼书店 · 武康大楼书点 · wukangbooks · wukang bokks · 武康dalou · 吴康书店"
    ),
    "蜀小川火锅": (
        "蜀小川 · 蜀小川火鍋 · shuxiaochuan · sxchg · shu xiao chuan · 属小川火锅 · 蜀小穿火锅 · "
        "蜀小川huoguo · little sichuan · littlesichuan · litle sichuan · 蜀小川锅 · shuxiaochuan火锅 · "
        "手打虾滑 · 蜀小川 · little sichuan hotpot"
    ),
    "一粟火锅": (
        "一粟 · 一粟火鍋 · yisu · yisu huoguo · yshg · 一素火锅 · 一粟hotpot · millet hotpot · millet · "
        "milet hotpot · 一粟锅 · yisu火锅 · 壹粟火锅 · 一宿火锅"
    ),
    "长乐面馆": (
        "长乐面 · 長樂麵館 · changle mianguan · clmg · changle noodles · changlemianguan · 长乐mianguan · "
        "常乐面馆 · 长乐面管 · 长乐路面 · 长乐noodles · changle nodles · 鼓楼面馆"
    ),
    "武林拌川": (
        "武林伴川 · wulin banchuan · wlbc · 武林拌穿 · wulin拌川 · 五林拌川 · wulinbanchuan · "
        "wulin tossed noodles · 武林路拌川 · 拌川 · 武林banchuan · tossed noodles"
    ),
    "第三席酒吧": (
        "第三席酒巴 · disanxi · disanxijiuba · dsxjb · 第三席bar · 弟三席酒吧 · third seat bar · thirdseat · "
        "third set bar · 第三息酒吧 · di san xi · 第三席吧"
    ),
    "面包树": ("麵包樹 · mianbaoshu · mbs · 面包数 · 面包书 · breadfruit · breadfriut · mian bao shu · 面包shu"),
    "西湖醋鱼馆": (
        "西湖醋魚館 · xihucuyu · xhcyg · 西湖醋鱼店 · 西湖酢鱼 · xihu醋鱼 · west lake fish · westlake fish · "
        "西湖cuyu · 醋鱼 · 西胡醋鱼馆 · xi hu cu yu"
    ),
    "城南旧事": (
        "城南 · 城南舊事 · chengnan · chengnanjiushi · cnjs · 城南就是 · old stories · 城南jiushi · "
        "成南旧事 · 城南旧是 · cheng nan · old storys"
    ),
    "7号仓": (
        "7號倉 · 七号仓 · 7haocang · warehouse · warehouse 7 · 7号舱 · 7 hao cang · 7号cang · "
        "warehouse no 7 · ware house no.7"
    ),
    "外婆人家": (
        "外婆 · 外婆人家店 · waipo · waiporenjia · wprj · 外婆人jia · 外坡人家 · grandma · grandmas home · "
        "外婆renjia · grandma's home · 外婆人傢 · grandmas"
    ),
}
"""Ways to write a name, between dots: initials, pinyin, both scripts mixed, wrong characters, no spaces, slips."""
