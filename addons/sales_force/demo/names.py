"""Who and what the demo data is about; names in English and in Chinese."""

# key: name, Chinese name, role, manager's key, team, territories, photo, position,
# grade, documents per month. The key is login and password.
PEOPLE = {
    "director": (
        "Grace Lin",
        "林雅琴",
        "director",
        None,
        None,
        ("china",),
        "base/static/img/res_partner_address_28.jpg",
        ("Sales Director", "销售总监"),
        None,
        0.25,
    ),
    "manager": (
        "Mei Huang",
        "黄梅",
        "manager",
        "director",
        None,
        ("south",),
        "base/static/img/res_partner_address_32.jpg",
        ("Regional Manager South", "华南大区经理"),
        "regional",
        0.4,
    ),
    "thomas": (
        "Thomas Berg",
        "托马斯·伯格",
        "manager",
        "director",
        None,
        ("east", "north"),
        "hr/static/img/employee_al-image.jpg",
        ("Regional Manager East and North", "华东华北大区经理"),
        "regional",
        0.4,
    ),
    "leader": (
        "Yan Zhou",
        "周燕",
        "leader",
        "manager",
        "guangdong",
        ("guangdong",),
        "hr/static/img/employee_fpi-image.jpg",
        ("Team Leader", "销售主管"),
        "lead",
        1.0,
    ),
    "marco": (
        "Marco Rossi",
        "马可·罗西",
        "leader",
        "manager",
        "coast",
        ("fujian", "guangxi"),
        "hr/static/img/employee_fme-image.jpg",
        ("Team Leader", "销售主管"),
        "lead",
        0.8,
    ),
    "jing": (
        "Jing Wu",
        "吴静",
        "leader",
        "thomas",
        "east",
        ("east",),
        "hr/static/img/employee_jog-image.jpg",
        ("Team Leader", "销售主管"),
        "lead",
        0.9,
    ),
    "peter": (
        "Peter Novak",
        "彼得·诺瓦克",
        "leader",
        "thomas",
        "north",
        ("north",),
        "base/static/img/res_partner_address_25.jpg",
        ("Team Leader", "销售主管"),
        "lead",
        0.8,
    ),
    "rep": (
        "Lily Chen",
        "陈莉",
        "rep",
        "leader",
        "guangdong",
        ("guangzhou", "foshan"),
        "hr/static/img/employee_jep-image.jpg",
        ("Key Account Manager", "大客户经理"),
        "key",
        2.6,
    ),
    "omar": (
        "Omar Haddad",
        "奥马尔·哈达德",
        "rep",
        "leader",
        "guangdong",
        ("shenzhen",),
        "base/static/img/res_partner_address_4.jpg",
        ("Sales Rep", "销售代表"),
        "senior",
        2.2,
    ),
    "kavi": (
        "Kavi Nair",
        "卡维·奈尔",
        "rep",
        "marco",
        "coast",
        ("fujian",),
        "hr/static/img/employee_ngh-image.jpg",
        ("Sales Rep", "销售代表"),
        "senior",
        2.0,
    ),
    "elena": (
        "Elena Petrova",
        "叶莲娜·彼得罗娃",
        "rep",
        "marco",
        "coast",
        ("guangxi",),
        "hr/static/img/employee_hne-image.jpg",
        ("Sales Rep", "销售代表"),
        "junior",
        1.6,
    ),
    "hannah": (
        "Hannah Cole",
        "汉娜·科尔",
        "rep",
        "jing",
        "east",
        ("shanghai",),
        "hr/static/img/employee_vad-image.jpg",
        ("Key Account Manager", "大客户经理"),
        "key",
        2.4,
    ),
    "paul": (
        "Paul Martin",
        "保罗·马丁",
        "rep",
        "jing",
        "east",
        ("jiangsu",),
        "base/static/img/res_partner_address_27.jpg",
        ("Sales Rep", "销售代表"),
        "senior",
        2.0,
    ),
    "nina": (
        "Nina Weiss",
        "尼娜·魏斯",
        "rep",
        "jing",
        "east",
        ("zhejiang",),
        "hr/static/img/employee_mit-image.jpg",
        ("Sales Rep", "销售代表"),
        "junior",
        1.6,
    ),
    "sam": (
        "Sam Okafor",
        "萨姆·奥卡福",
        "rep",
        "peter",
        "north",
        ("beijing", "tianjin"),
        "hr/static/img/employee_han-image.jpg",
        ("Sales Rep", "销售代表"),
        "senior",
        2.2,
    ),
    "julia": (
        "Julia Brandt",
        "尤莉娅·勃兰特",
        "rep",
        "peter",
        "north",
        ("shandong",),
        "base/static/img/res_partner_address_13.jpg",
        ("Sales Rep", "销售代表"),
        "junior",
        1.7,
    ),
    "operations": (
        "Oliver Grant",
        "奥利弗·格兰特",
        "operations",
        None,
        None,
        (),
        "hr/static/img/employee_jgo-image.jpg",
        ("Sales Operations", "销售运营"),
        None,
        0,
    ),
    "finance": (
        "Maria Santos",
        "玛丽亚·桑托斯",
        "finance",
        None,
        None,
        (),
        "base/static/img/res_partner_address_16.jpg",
        ("Sales Finance", "销售财务"),
        None,
        0,
    ),
}

TEAMS = {
    "guangdong": ("Guangdong", "广东组"),
    "coast": ("South Coast", "闽桂组"),
    "east": ("East China", "华东组"),
    "north": ("North China", "华北组"),
}

GRADES = {
    "junior": ("Junior", "初级"),
    "senior": ("Senior", "高级"),
    "key": ("Key Account", "大客户"),
    "lead": ("Team Leader", "主管"),
    "regional": ("Regional Manager", "大区经理"),
}

# key: name, Chinese name, parent's key, country, state, city
TERRITORIES = {
    "china": ("China", "中国", None, "cn", None, None),
    "south": ("South", "华南", "china", None, None, None),
    "guangdong": ("Guangdong", "广东", "south", None, "state_cn_GD", None),
    "guangzhou": ("Guangzhou", "广州", "guangdong", None, "state_cn_GD", True),
    "shenzhen": ("Shenzhen", "深圳", "guangdong", None, "state_cn_GD", True),
    "foshan": ("Foshan", "佛山", "guangdong", None, "state_cn_GD", True),
    "fujian": ("Fujian", "福建", "south", None, "state_cn_FJ", None),
    "guangxi": ("Guangxi", "广西", "south", None, "state_cn_GX", None),
    "east": ("East", "华东", "china", None, None, None),
    "shanghai": ("Shanghai", "上海", "east", None, "state_cn_SH", None),
    "zhejiang": ("Zhejiang", "浙江", "east", None, "state_cn_ZJ", None),
    "jiangsu": ("Jiangsu", "江苏", "east", None, "state_cn_JS", None),
    "north": ("North", "华北", "china", None, None, None),
    "beijing": ("Beijing", "北京", "north", None, "state_cn_BJ", None),
    "tianjin": ("Tianjin", "天津", "north", None, "state_cn_TJ", None),
    "shandong": ("Shandong", "山东", "north", None, "state_cn_SD", None),
    "overseas": ("Overseas", "海外", None, None, None, None),
    "states": ("United States", "美国", "overseas", "us", None, None),
}

# city, Chinese city, state, owner's key
CITIES = (
    ("Guangzhou", "广州", "state_cn_GD", "rep"),
    ("Foshan", "佛山", "state_cn_GD", "rep"),
    ("Shenzhen", "深圳", "state_cn_GD", "omar"),
    ("Dongguan", "东莞", "state_cn_GD", "leader"),
    ("Xiamen", "厦门", "state_cn_FJ", "kavi"),
    ("Fuzhou", "福州", "state_cn_FJ", "marco"),
    ("Nanning", "南宁", "state_cn_GX", "elena"),
    ("Shanghai", "上海", "state_cn_SH", "hannah"),
    ("Suzhou", "苏州", "state_cn_JS", "paul"),
    ("Nanjing", "南京", "state_cn_JS", "jing"),
    ("Hangzhou", "杭州", "state_cn_ZJ", "nina"),
    ("Beijing", "北京", "state_cn_BJ", "sam"),
    ("Tianjin", "天津", "state_cn_TJ", "sam"),
    ("Qingdao", "青岛", "state_cn_SD", "julia"),
    ("Jinan", "济南", "state_cn_SD", "peter"),
)
# Courses and for how many months a certificate counts.
COURSES = (
    ("Product Training: Pumps and Valves", "产品培训：水泵与阀门", 12),
    ("Selling Skills", "销售技巧", 24),
    ("Payment Terms and Collections", "账期与回款管理", 6),
)
# Latitude and longitude of the cities.
PLACES = {
    "Guangzhou": (23.1291, 113.2644),
    "Foshan": (23.0215, 113.1214),
    "Shenzhen": (22.5431, 114.0579),
    "Dongguan": (23.0207, 113.7518),
    "Xiamen": (24.4798, 118.0894),
    "Fuzhou": (26.0745, 119.2965),
    "Nanning": (22.8170, 108.3665),
    "Shanghai": (31.2304, 121.4737),
    "Suzhou": (31.2990, 120.5853),
    "Nanjing": (32.0603, 118.7969),
    "Hangzhou": (30.2741, 120.1551),
    "Beijing": (39.9042, 116.4074),
    "Tianjin": (39.3434, 117.3616),
    "Qingdao": (36.0671, 120.3826),
    "Jinan": (36.6512, 117.1201),
}
# What visits are for, and what came of them.
PURPOSES = (
    ("Quarterly review", "季度回访"),
    ("Show the new pump", "介绍新款水泵"),
    ("Talk about the framework contract", "洽谈框架合同"),
    ("Overdue payment", "催收逾期货款"),
)
NOTES = (
    ("They compare us with a cheaper supplier.", "客户在与价格更低的供应商比较。"),
    ("Stock is enough until next month.", "库存够用到下个月。"),
    ("Wants a sample of the new valve.", "希望拿到新款阀门的样品。"),
    ("Satisfied with the last delivery.", "对上次交货表示满意。"),
    ("The plant manager decides next week.", "厂长下周决定。"),
)
# Each city has one customer of each of these.
BUSINESSES = (
    ("Water Works", "水务集团有限公司", "direct"),
    ("Process Engineering", "工程技术有限公司", "distributor"),
    ("Food Machinery", "食品机械有限公司", "direct"),
    ("Chemical Supply", "化工贸易有限公司", "agent"),
)

# key: name, Chinese name
CATEGORIES = {
    "pumps": ("Pumps", "水泵"),
    "valves": ("Valves", "阀门"),
    "sensors": ("Sensors", "传感器"),
    "control": ("Control", "自动化"),
    "services": ("Field Services", "技术服务"),
}

# name, Chinese name, category, price, cost, most units on a line
PRODUCTS = (
    ("Centrifugal Pump CP-20", "离心泵 CP-20", "pumps", 1480, 930, 4),
    ("Centrifugal Pump CP-50", "离心泵 CP-50", "pumps", 3260, 2110, 3),
    ("Dosing Pump DP-5", "计量泵 DP-5", "pumps", 890, 520, 6),
    ("Submersible Pump SP-10", "潜水泵 SP-10", "pumps", 1150, 745, 4),
    ("Vacuum Pump VP-8", "真空泵 VP-8", "pumps", 2190, 1480, 2),
    ("Ball Valve DN50", "球阀 DN50", "valves", 128, 71, 40),
    ("Butterfly Valve DN100", "蝶阀 DN100", "valves", 215, 124, 30),
    ("Check Valve DN80", "止回阀 DN80", "valves", 164, 92, 30),
    ("Control Valve CV-25", "调节阀 CV-25", "valves", 940, 610, 8),
    ("Safety Valve SV-15", "安全阀 SV-15", "valves", 325, 190, 15),
    ("Flow Meter FM-40", "流量计 FM-40", "sensors", 1240, 690, 6),
    ("Level Sensor LS-3", "液位计 LS-3", "sensors", 415, 205, 12),
    ("Pressure Transmitter PT-1", "压力变送器 PT-1", "sensors", 385, 180, 15),
    ("Temperature Probe TP-2", "温度探头 TP-2", "sensors", 96, 41, 40),
    ("pH Analyser PA-7", "pH 分析仪 PA-7", "sensors", 1690, 1020, 3),
    ("Controller PLC-200", "控制器 PLC-200", "control", 2350, 1420, 3),
    ("Operator Panel OP-7", "操作屏 OP-7", "control", 780, 455, 5),
    ("Frequency Drive FD-11", "变频器 FD-11", "control", 1560, 1010, 4),
    ("Commissioning, per Day", "现场调试（天）", "services", 640, 330, 5),
    ("Yearly Maintenance", "年度维保", "services", 1200, 540, 2),
)

VENDORS = (
    ("Nordic Seals", "北欧密封件有限公司"),
    ("Reagent House", "试剂之家有限公司"),
)
# name, Chinese name, price, cost, days until it expires (0: never), in stock
CONSUMABLES = (
    ("Gasket Set GS-1", "密封垫套装 GS-1", 24, 11, 0, 70),
    ("Bearing Kit BK-3", "轴承组件 BK-3", 58, 31, 0, 60),
    ("Pump Oil PO-5", "泵用润滑油 PO-5", 36, 19, 365, 160),
    ("Calibration Solution CS-4", "校准液 CS-4", 18, 7, 180, 140),
    ("Dosing Reagent DR-9", "加药试剂 DR-9", 42, 22, 270, 110),
    ("Filter Cartridge FC-6", "滤芯 FC-6", 15, 6, 0, 900),
)

# What opportunities are about, and why they are lost.
PROJECTS = (
    ("Pump station renewal", "泵站改造"),
    ("Dosing line", "加药生产线"),
    ("Cooling water circuit", "循环冷却水项目"),
    ("Tank farm instruments", "罐区仪表"),
    ("Valve framework contract", "阀门框架协议"),
)
# title and kind
CONTRACTS = (
    (("Pumps and spare parts", "水泵及配件"), "framework"),
    (("Yearly maintenance", "年度维保"), "service"),
    (("Valves at a fixed price", "阀门固定价格协议"), "special"),
    (("Supply of instruments", "仪表供货"), "standard"),
)
# name, kind, and in how many days they are due
MILESTONES = (
    (("Half-year review", "半年回顾"), "milestone", 5),
    (("Performance guarantee", "履约保函"), "guarantee", 20),
    (("Acceptance of the first delivery", "首批到货验收"), "acceptance", -10),
)
# Businesses that nobody sells to yet.
PROSPECTS = (
    ("Breweries", "啤酒厂"),
    ("Water Works", "自来水公司"),
)

# Rules of selling: the title and the text of each version.
POLICIES = [
    (
        ("Gifts and invitations", "礼品与宴请"),
        [
            (
                "No gift to a customer is worth more than 200.",
                "给客户的礼品不得超过 200 元。",
            ),
            (
                "No gift to a customer is worth more than 100, and none is given while "
                "a tender is open.",
                "给客户的礼品不得超过 100 元；招标期间不得赠送任何礼品。",
            ),
        ],
    ),
    (
        ("Prices and discounts", "价格与折扣"),
        [
            (
                "Discounts above 15 % are agreed with the manager before they are "
                "offered.",
                "超过 15 % 的折扣须先经上级同意方可报给客户。",
            ),
        ],
    ),
]

# What happened, of commendations and violations alike.
CONDUCT = [
    ("Told by the customer on the phone.", "客户来电反映。"),
    ("Written down by the manager.", "由上级记录。"),
    ("Seen by the team.", "团队亲眼所见。"),
]

COMPETITORS = ("Hydrotek", "Flowmaster", "Rheinpumpen", "Delta Instruments")
STRENGTHS = [
    ("Delivers within a week.", "一周内交货。"),
    ("Cheaper, but without service.", "更便宜，但没有服务。"),
    ("Known at the plant for years.", "多年来一直为该厂供货。"),
]

# The playbook: days allowed and items of each stage.
PLAYBOOK = ("Equipment sales", "设备销售")
BUDGET = ("Budget is confirmed", "预算已确认")
CHECKLISTS = [
    (
        10,
        [
            (("Need is understood", "已了解需求"),),
            (("Who decides is known", "已明确决策人"),),
            (None, True, "expected_revenue"),
        ],
    ),
    (
        14,
        [
            (BUDGET,),
            (("Technical requirements are received", "已收到技术要求"),),
            (None, True, "date_deadline"),
        ],
    ),
    (
        18,
        [
            (("Offer was presented in person", "已当面讲解报价"),),
            (("Objections are answered", "已答复异议"),),
            (("A reference was visited", "已参观样板客户"), False),
        ],
    ),
]
QUESTIONNAIRE = (
    ("Questions for the first visit.txt", "首次拜访问题清单.txt"),
    (
        "What does the plant need, and by when?\nWho decides, who uses, who pays?\n"
        "Which supplier is there today?\nWhat is the budget?\n",
        "工厂需要什么，何时需要？\n谁决策、谁使用、谁付款？\n"
        "目前的供应商是谁？\n预算是多少？\n",
    ),
)
EXCUSES = [
    ("The tender closes this week.", "招标本周截止。"),
    ("The customer told it on the phone.", "客户已电话告知。"),
    ("Repeat order, same as last year.", "重复订单，与去年相同。"),
]
