"""Public methods and bad input: a clear error, whatever is asked, and nothing done."""

import inspect
import math
from collections import defaultdict
from datetime import date

from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.sales_force.tests.common import ROLES

from .. import asked
from .test_cockpit import TODAY, CockpitCase

PACKAGE = "odoo.addons.sales_targets."
BAD = (
    *("nonsense", "9999-12-31", "\x00", math.nan, -math.inf, -1, 10**20, True),
    *([["x"]], [10**20], {"a": 1}),
)
# What a method is given beside the bad value; else nothing.
GOOD = {
    "cause": "days",
    "date": "2031-02-14",
    "date_from": "2031-02-01",
    "date_to": "2031-02-28",
    "kind": "task",
    "name": "Call",
    "reason": "A customer has closed down",
    "value": 1000,
    "amount": 1,
    "accept": True,
}
# What every model has is Odoo's.
_NOT_OURS = set(dir(models.BaseModel))


class _Undo(Exception):  # noqa: N818
    """What was called is undone."""


@tagged("post_install", "-at_install")
class TestAsked(CockpitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Who may do whatever a user may, and leads everybody.
        cls.everybody = cls._user("everybody", ",".join(ROLES.values()))
        cls.boss = cls._rep(cls.everybody)
        cls.reps["leader"].parent_id = cls.boss
        with freeze_time(TODAY):
            target = cls.plan._get_leaves()[0]
            cls.plan.action_commit()
            draft = cls._plan(name="Ordered", kind="supporting")
            draft.action_decompose()
            plans = cls.env["sales.work.plan"]._make(
                cls.boss + cls.reps["rep"], date(2031, 2, 12)
            )
            plans.with_user(cls.everybody)[0].action_add("task", None, "Call")
            meeting = cls.env["sales.meeting"].with_user(cls.everybody)
            meeting = meeting.browse(meeting.action_open_week()["res_id"])
            cls.records = {
                "sales.target.plan": cls.plan,
                "sales.target": target,
                "sales.work.plan": plans[0],
                "sales.work.plan.item": plans.item_ids[0],
                "sales.meeting": meeting,
                "sales.meeting.decision": cls.env["sales.meeting.decision"].create(
                    {
                        "meeting_id": meeting.id,
                        "name": "Call",
                        "user_id": cls.everybody.id,
                        "date_deadline": "2031-02-18",
                    }
                ),
                "sales.target.transfer": cls.env["sales.target.transfer"].create(
                    {
                        "plan_id": cls.plan.id,
                        "rep_id": cls.reps["rep"].id,
                        "kind": "leave",
                        "date_from": "2031-02-12",
                    }
                ),
                "sales.target.counter": cls.env["sales.target.counter"].create(
                    {"target_id": target.id, "value": 5, "reason": "Less"}
                ),
                "sales.target.set": cls.env["sales.target.set"].create(
                    {"target_id": target.id, "value": 5}
                ),
                "sales.target.import": cls.env["sales.target.import"].create(
                    {"plan_id": cls.plan.id, "file": b"bm90IGEgc2hlZXQ="}
                ),
                "sales.target.ratio": cls.env["sales.target.ratio"].create(
                    {
                        "metric_id": cls.env.ref(
                            "sales_force.sales_metric_margin_rate"
                        ).id,
                        "percent": 30,
                    }
                ),
            }
            cls.draft = draft
            cls.strange = cls.env["sales.target.plan"].create(
                {
                    "name": "Elsewhere",
                    "company_id": cls.users["foreigner"].company_id.id,
                    "metric_id": cls.metric.id,
                    "kind": "supporting",
                    "date_from": "2031-01-01",
                    "value": 1000,
                }
            )
            cls.strange.action_decompose()
        cls.env.flush_all()

    def _methods(self):
        """``{model: {name: parameters}}`` of all that this addon makes public."""
        found = defaultdict(dict)
        for model in self.env.values():
            if model._abstract:
                continue
            for name, method in inspect.getmembers(type(model), inspect.isfunction):
                if (
                    not name.startswith("_")
                    and name not in _NOT_OURS
                    and inspect.unwrap(method).__module__.startswith(PACKAGE)
                    and not getattr(method, "_api_private", False)
                ):
                    parameters = list(inspect.signature(method).parameters.values())
                    found[model._name][name] = parameters[1:]
        return found

    def _try(self, records, name, arguments):
        """Call and undo; anything but an error for the user fails."""
        records = records.with_user(self.everybody)
        try:
            with self.env.cr.savepoint(), freeze_time(TODAY):
                try:
                    getattr(records, name)(**arguments)
                    self.env.flush_all()
                except UserError as error:
                    self.assertTrue(str(error).strip())
                raise _Undo
        except _Undo:
            self.env.invalidate_all(flush=False)
        except Exception as error:  # noqa: BLE001
            self.wrong.append(f"{records}.{name}({arguments}): {error!r}")

    def _good(self, parameters):
        return {
            parameter.name: GOOD.get(parameter.name)
            for parameter in parameters
            if parameter.name in GOOD or parameter.default is parameter.empty
        }

    def test_every_argument(self):
        self.wrong = []
        methods = self._methods()
        self.assertLessEqual(
            {"get_board", "set_cells", "move_amount", "get_cockpit"},
            set(methods["sales.target.plan"]),
        )
        tried = 0
        for model, names in methods.items():
            records = self.records.get(model, self.env[model])
            for name, parameters in names.items():
                good = self._good(parameters)
                for parameter in parameters:
                    for bad in BAD:
                        self._try(records, name, {**good, parameter.name: bad})
                        tried += 1
        self.assertGreater(tried, 300)
        self.assertFalse(self.wrong, "\n".join(self.wrong))

    def test_every_record(self):
        """None, several, one that is gone, another company's."""
        self.wrong = []
        others = {
            "sales.target.plan": self.strange,
            "sales.target": self.strange._get_root(),
        }
        several = {
            "sales.target.plan": self.plan + self.draft,
            "sales.target": self.plan._get_root() + self.draft._get_root(),
        }
        for model, names in self._methods().items():
            records = self.env[model]
            for name, parameters in names.items():
                good = self._good(parameters)
                for some in (
                    records,
                    records.browse(2**31 - 1),
                    several.get(model, self.records.get(model, records)),
                    others.get(model, records),
                ):
                    self._try(some, name, good)
        self.assertFalse(self.wrong, "\n".join(self.wrong))
        plan = self.strange.with_user(self.everybody)
        root = self.strange._get_root().with_user(self.everybody)
        for read in (
            plan.get_board,
            root.get_board_detail,
            root.get_deviation,
            root.get_explanation,
        ):
            with self.assertRaises(AccessError), freeze_time(TODAY):
                read()

    def test_cells(self):
        """Changes of the board are refused one by one, and nothing changes."""
        leaf = self.draft._get_leaves()[0]
        plan = self.draft.with_user(self.everybody)
        before = leaf.value
        for changes in (
            None,
            "x",
            [leaf.id],
            [{}],
            [{"id": leaf.id}],
            [{"id": leaf.id, "value": "1"}],
            [{"id": leaf.id, "value": math.nan}],
            [{"id": leaf.id, "value": math.inf}],
            [{"id": leaf.id, "value": 10**20}],
            [{"id": leaf.id, "value": 5, "before": "x"}],
            [{"id": [leaf.id], "value": 5}],
            [{"id": self.strange._get_root().id, "value": 5}],
        ):
            with self.assertRaises(UserError):
                plan.set_cells(changes)
        self.assertEqual(leaf.value, before)
        other = leaf.search([("parent_id", "=", leaf.parent_id.id)]) - leaf
        for amount in (math.nan, math.inf, -1, "1", None):
            with self.assertRaises(UserError):
                plan.move_amount(leaf.id, other[:1].id, amount)

    @given(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text(),
            st.dates(),
            st.lists(st.integers()),
            st.dictionaries(st.text(), st.integers()),
        )
    )
    @settings(deadline=None)
    def test_anything(self, value):
        """What is returned is what it should be."""
        checks = (
            (asked.day, lambda day: day is None or asked.FIRST <= day <= asked.LAST),
            (asked.number, lambda found: abs(found) < asked.MOST),
            (asked.record_id, lambda id_: id_ is False or 0 < id_ < 2**31),
            (asked.ids, lambda ids: all(0 < id_ < 2**31 for id_ in ids)),
            (asked.words, lambda text: text == text.strip()),
        )
        for check, holds in checks:
            try:
                found = check(self.env, value)
            except UserError:
                continue
            self.assertTrue(holds(found))
