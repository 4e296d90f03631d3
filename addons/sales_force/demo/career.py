"""Training, certificates, promotions and leave of the last year."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo.fields import Command

from . import names


def make_career(demo):
    """:param Demo demo: with its reps and grades"""
    courses = demo.create_translated(
        "sales.course",
        [
            {
                "company_id": demo.company.id,
                "required": "all",
                "validity_months": months,
                "required_from": demo.today - timedelta(days=400),
            }
            for _english, _chinese, months in names.COURSES
        ],
        [course[:2] for course in names.COURSES],
    )
    reps = demo.env["sales.rep"].concat(*demo.reps.values())
    reps = reps.filtered(lambda rep: rep.state == "active")
    for number, course in enumerate(courses):
        day = demo.today - relativedelta(months=4 * number + 2)
        _hold(demo, course, reps[number:], day)
    _plan(demo, courses[0], reps[:1])
    _promote(demo)
    _cover(demo)


def _session(demo, course, day, reps):
    return demo.env["sales.course.session"].create(
        {
            "course_id": course.id,
            "company_id": demo.company.id,
            "trainer_id": demo.users["manager"].partner_id.id,
            "date_start": demo.moment(day, 9),
            "date_stop": demo.moment(day, 17),
            "place": demo.word(("Head office, room 3", "总部三号会议室")),
            "attendee_ids": [Command.create({"rep_id": rep.id}) for rep in reps],
        }
    )


def _hold(demo, course, reps, day):
    session = _session(demo, course, day, reps)
    for number, attendee in enumerate(session.attendee_ids):
        attendee.result = "failed" if number % 7 == 5 else "passed"
    session.action_hold()


def _plan(demo, course, reps):
    _session(demo, course, demo.today + timedelta(days=9), reps)


def _cover(demo):
    """Who stood in for whom last month, and who asks for somebody."""
    reps = [rep for rep in demo.reps.values() if rep.parent_id and not rep.child_ids]
    covers = demo.env["sales.cover"].create(
        [
            {
                "rep_id": absent.id,
                "deputy_id": deputy.id,
                "date_from": demo.today + timedelta(days=days),
                "date_to": demo.today + timedelta(days=days + 6),
                "share": 30,
                "reason": demo.word(("Yearly leave", "年假")),
            }
            for absent, deputy, days in (
                (reps[1], reps[2], -35),
                (demo.reps["rep"], reps[1], 12),
            )
        ]
    )
    covers[0].with_user(demo.users["director"]).action_approve()


def _promote(demo):
    """What grades ask for; who got one, who will."""
    grades = demo.env["sales.grade"].search([])
    for number, grade in enumerate(grades[1:], 1):
        grade.write(
            {
                "tenure_months": 12 * number,
                "grade_months": 6,
                "needs_training": number == 1,
            }
        )
    rep = demo.reps["omar"]
    if rep.next_grade_id:
        demo.env["sales.promotion"].create(
            {
                "rep_id": rep.id,
                "grade_id": rep.next_grade_id.id,
                "date": demo.today + relativedelta(months=1, day=1),
                "reason": demo.word(("Best results of the year", "年度业绩最佳")),
            }
        )
