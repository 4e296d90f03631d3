"""Stamped and derived fields: over write and create nobody sets them by hand."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ROLES, SalesForceCase


@tagged("post_install", "-at_install")
class TestStamped(SalesForceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Who may do whatever a user may.
        cls.everybody = cls._user(
            "everybody", ",".join([*ROLES.values(), "base.group_system"])
        )
        cls.cover = cls.env["sales.cover"].create(
            {
                "rep_id": cls.reps["rep"].id,
                "deputy_id": cls.reps["peer"].id,
                "date_from": "2040-01-01",
                "date_to": "2040-01-02",
            }
        )

    def _ours(self):
        for name, model in self.env.items():
            if name.startswith("sales.") and not model._abstract and model._auto:
                yield model.with_user(self.everybody)

    def _assert_refused(self, function, *args):
        with self.assertRaises(UserError) as caught:
            function(*args)
        self.assertIs(type(caught.exception), UserError)

    def test_every_derived_field(self):
        """Rules and figures hang on them; of models that a user may write at all."""
        checked = set()
        for model in self._ours():
            record = model.new()
            for name, field in model._fields.items():
                if not (field.store and field.compute and field.readonly):
                    continue
                with self.subTest(field=str(field)):
                    if model.has_access("write"):
                        self._assert_refused(record.write, {name: False})
                        checked.add(model._name)
                    if model.has_access("create"):
                        self._assert_refused(model.create, {name: False})
        self.assertLessEqual(
            {"sales.cover", "sales.visit", "sales.conduct", "sales.split"}, checked
        )

    def test_whose_it_is(self):
        """A cover is approved for the deputy that it names."""
        cover = self.cover.with_user(self.users["leader"])
        with self.assertRaisesRegex(UserError, "User of the Deputy"):
            cover.deputy_user_id = self.users["director"]
        cover.deputy_id = self.reps["peer_leader"]
        self.assertEqual(cover.deputy_user_id, self.users["peer_leader"])

    def test_no_other_default(self):
        """Neither the context nor a user's own default says what is stamped."""
        vals = self.cover.copy_data()[0]
        covers = self.env["sales.cover"].with_user(self.users["rep"])
        self.env["ir.default"].with_user(self.users["rep"]).set(
            "sales.cover", "state", "approved", user_id=True
        )
        cover = covers.with_context(
            default_approved_by_id=self.users["leader"].id,
            default_deputy_user_id=self.users["rep"].id,
            default_share=20,
        ).create(vals | {"date_from": "2040-01-02"})
        self.assertEqual(cover.state, "draft")
        self.assertFalse(cover.approved_by_id)
        self.assertEqual(cover.deputy_user_id, self.users["peer"])
        promotion = self.env["sales.promotion"].new()
        self.assertEqual(promotion.decided_by_id, self.env.user)
