"""What the demo company knows about its customers' problems."""

# Problem, also called, solution; each in Chinese; category; for customers; solved.
ARTICLES = (
    (
        *("It does not switch on", "无法开机"),
        *("dead, no power", "没电, 不通电"),
        (
            "<ol><li>Plug it directly into the wall.</li><li>Hold the switch for ten "
            "seconds.</li><li>Is it still dead, the fuse behind the cover is to be "
            "replaced: 2 A, slow.</li></ol>"
        ),
        (
            "<ol><li>请直接插入墙上插座。</li><li>按住开关十秒。</li>"
            "<li>如果仍无反应，请更换盖板后的保险丝：2 A，慢熔。</li></ol>"
        ),
        *("category_repair", True, 4),
    ),
    (
        *("How it is cleaned", "如何清洁"),
        *("stain, dust", "污渍, 灰尘"),
        "<p>With a damp cloth and no solvent, see page 12 of the manual.</p>",
        "<p>用湿布擦拭，不要使用溶剂，见说明书第 12 页。</p>",
        *("category_question", True, 3),
    ),
    (
        *("It makes a noise", "有异响"),
        *("loud, bearing", "噪音, 轴承"),
        (
            "<p>Loud after an hour only: the bearing is worn. Take set 30-114 along; "
            "it takes forty minutes.</p>"
        ),
        "<p>运行一小时后才响：轴承磨损。请携带套件 30-114，需四十分钟。</p>",
        *("category_repair", False, 2),
    ),
    (
        *("Something is missing in the box", "箱内缺件"),
        *("incomplete, pieces", "少件, 不全"),
        (
            "<p>Look under the lower insert first: small parts lie there. If they do "
            "not, write us the number on the delivery slip.</p>"
        ),
        "<p>请先查看下层衬垫：小件放在那里。如果没有，请告诉我们送货单号。</p>",
        *("category_complaint", True, 1),
    ),
)


STANDARD = (
    "<p>We answer within the team's limit, say when the next word comes, and keep "
    "it. We say what we did, in the customer's words.</p>"
)
STANDARD_ZH = (
    "<p>我们在团队时限内答复，告知下次联系的时间并做到。"
    "用客户听得懂的话说明做了什么。</p>"
)


def make(demo):
    """Articles, one of them in its second version, and a draft of an agent.

    :param demo: of ``generator``
    """
    made = demo.env["sales.service.article"]
    done = demo.env["sales.service.ticket"].search(
        [("state", "=", "closed")], order="id"
    )
    for (
        name,
        name_zh,
        called,
        called_zh,
        body,
        body_zh,
        category,
        public,
        count,
    ) in ARTICLES:
        category = demo.env.ref(f"sales_service.{category}")
        article = made.create(
            {
                "name": demo.word((name, name_zh)),
                "keywords": demo.word((called, called_zh)),
                "body": demo.word((body, body_zh)),
                "category_ids": category.ids,
                "is_portal": public,
            }
        )
        article.action_publish()
        for ticket in done.filtered(
            lambda one, category=category: one.category_id == category
        )[:count]:
            article.with_user(ticket.user_id)._use(ticket.company_id, ticket)
        made |= article
    made[1].action_new_version()
    made.with_user(demo.users["agent"]).create(
        {
            "name": demo.word(("Wrong colour in the box", "颜色发错")),
            "body": demo.word(
                ("<p>Exchange it at the customer's.</p>", "<p>上门换货。</p>")
            ),
            "category_ids": demo.env.ref("sales_service.category_return").ids,
        }
    )
    make_standard(demo)


def make_standard(demo):
    """A standard in force, which one of the agents has acknowledged."""
    policy = demo.env["sales.policy"].create(
        {
            "name": demo.word(("How We Answer", "我们如何答复")),
            "company_id": demo.company.id,
            "service_team_ids": [team.id for team in demo.teams],
        }
    )
    version = policy.version_ids.create(
        {"policy_id": policy.id, "content": demo.word((STANDARD, STANDARD_ZH))}
    )
    version.action_put_in_force()
    version.with_user(demo.users["agent"]).action_acknowledge()
