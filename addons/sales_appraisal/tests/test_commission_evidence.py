"""What was shown for a dispute stays once it is decided."""

from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .commission_common import CommissionCase


@tagged("post_install", "-at_install")
class TestCommissionEvidence(HttpCase, CommissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._plan()
        cls._sell(cls, "rep", 1000)
        cls.statements._run(cls.company, date(2031, 1, 10))
        cls.entry = cls.entries.search([("rep_id", "=", cls.reps["rep"].id)])
        cls.disputes = cls.env["sales.commission.dispute"].with_user(cls.users["rep"])
        cls.dispute = cls._dispute(cls._file("mail.txt"))
        cls.evidence = cls.dispute.evidence_ids

    @classmethod
    def _file(cls, name, **values):
        files = cls.env["ir.attachment"].with_user(cls.users["rep"])
        return files.create({"name": name, "raw": b"12 %", **values})

    @classmethod
    def _dispute(cls, evidence):
        entry = cls.entry.with_user(cls.users["rep"])
        return cls.disputes._open(entry, "data", "It is more", evidence)

    def _decide(self):
        self.dispute.with_user(self.users["manager"])._refuse_dispute("It is right")
        self.env.flush_all()
        self.env.invalidate_all()

    def _assert_kept(self):
        self.env.invalidate_all()
        self.assertEqual(self.dispute.evidence_ids, self.evidence)
        self.assertEqual(self.evidence.raw, b"12 %")
        self.assertEqual(
            (self.evidence.res_model, self.evidence.res_id),
            (self.dispute._name, self.dispute.id),
        )

    def test_open(self):
        """Until then who has shown it may think better of it."""
        self.evidence.write({"name": "letter.txt", "raw": b"11 %"})
        self.assertEqual(self.evidence.raw, b"11 %")
        self.evidence.unlink()
        self.assertFalse(self.dispute.evidence_ids)

    def test_decided(self):
        """Then nobody may: neither who has shown it, nor who has decided."""
        self._decide()
        for user in (
            *(self.users[name] for name in ("rep", "manager", "operations")),
            self.env.user,
        ):
            mine = self.evidence.with_user(user)
            for vals in (
                {"raw": b"11 %"},
                {"datas": b"MTEgJQ=="},
                {"name": "letter.txt"},
                {"type": "url", "url": "https://example.com"},
                {"res_model": "res.users", "res_id": user.id},
                {"res_id": 0},
            ):
                with self.assertRaises(UserError, msg=vals) as caught:
                    mine.write(vals)
            with self.assertRaises(UserError) as caught:
                mine.unlink()
            self.assertIn("mail.txt", str(caught.exception))
        # Who may not read it is not told its name.
        with self.assertRaises(AccessError):
            self.evidence.with_user(self.users["peer"]).write({"name": "letter.txt"})
        # What does not change it, goes on.
        self.evidence.generate_access_token()
        self.evidence.sudo()._migrate()
        self._assert_kept()

    def test_withdrawn(self):
        self.dispute.action_withdraw()
        with self.assertRaises(UserError):
            self.evidence.unlink()
        self._assert_kept()

    def test_shown_again(self):
        """Another dispute does not take it away: that has files of its own."""
        self._decide()
        with self.assertRaises(UserError):
            self._dispute(self.evidence)
        self._assert_kept()

    def test_chat(self):
        """Files of the conversation as well, if they were there: not those of later."""
        self.dispute.message_post(body="See", attachments=[("early.txt", b"12 %")])
        early = self.dispute.message_ids.attachment_ids
        self.assertTrue(early)
        self._decide()
        with self.assertRaises(UserError):
            early.sudo().unlink()
        self.dispute.sudo().decided_on -= timedelta(days=1)
        self.env.flush_all()
        self.env.invalidate_all()
        early.sudo().unlink()
        self.assertFalse(early.exists())

    @mute_logger("odoo.http")
    def test_screen(self):
        """Nor by the screen's own way, that deletes as the superuser."""
        self.dispute.message_post(body="See", attachments=[("early.txt", b"12 %")])
        early = self.dispute.message_ids.attachment_ids
        self._decide()
        login = self.users["rep"].login
        self.authenticate(login, login)
        for file in (early, self.evidence):
            with self.assertRaises(Exception) as caught:
                self.make_jsonrpc_request(
                    "/mail/attachment/delete", {"attachment_id": file.id}
                )
            self.assertIn("UserError", str(caught.exception))
        self.assertTrue(early.exists())
        self._assert_kept()

    def test_others(self):
        """Other files cost one look at what they belong to, whatever their number."""
        partner = self.env["res.partner"].create({"name": "Somebody"})

        def count(number, method, *args):
            files = self.env["ir.attachment"].create(
                [
                    {
                        "name": f"{one}",
                        "raw": b"1",
                        "res_model": partner._name,
                        "res_id": partner.id,
                    }
                    for one in range(number)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            getattr(files, method)(*args)
            return self.env.cr.sql_log_count - before

        self._decide()
        for method, *args in (("_get_evidence",), ("write", {"name": "Other"})):
            self.assertEqual(count(1, method, *args), count(20, method, *args))
        self.assertEqual(count(20, "_get_evidence"), 1)
        file = self._file("mine.txt")
        file.write({"raw": b"2"})
        file.unlink()
