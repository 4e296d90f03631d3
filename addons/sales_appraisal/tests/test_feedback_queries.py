"""Sending, reminding and closing take as many queries for few as for many."""

from odoo.tests import tagged

from .feedback_common import FeedbackCase

NAMES = ("rep", "peer", "director", "manager", "peer_leader")


@tagged("post_install", "-at_install")
class TestFeedbackQueries(FeedbackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.small = cls.round
        cls.large = cls.round.copy({"name": "Large"})
        cls._subject("rep", peers=4, customers=0, manager=False)
        for name in NAMES:
            cls._subject(name, peers=5, customers=4, manager=False, of=cls.large)

    def _count(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def _assert_flat(self, name):
        """The large round asks 41 people more, and takes no more.

        One query more or less is of the registry's caches, which other work of
        the process fills and empties.
        """
        few, many = [
            self._count(getattr(one, name)) for one in (self.small, self.large)
        ]
        self.assertLessEqual(many, few + 2)

    def test_queries(self):
        # What is read once in a transaction, of the first round only.
        warm = self.round.copy({"name": "Warm"})
        self._subject("rep", peers=4, customers=0, manager=False, of=warm)
        self._count(warm.action_send)
        self._count(warm.action_remind)
        asked = self.large.subject_ids.participant_ids
        self.assertEqual(len(asked), 45)
        self._assert_flat("action_send")
        self.assertEqual(len(self.large.sudo()._get_inputs()), 45)
        self._assert_flat("action_remind")
        for person in asked + self.small.subject_ids.participant_ids:
            self._answer(person, 4, "Good")
        self._count(warm.action_close)
        self._assert_flat("action_close")
        self.assertEqual(set(self.large.subject_ids.mapped("answer_count")), {9})
        self.assertEqual(len(self.large.subject_ids.comment_ids), 45)

    def test_answer(self):
        """An answer takes no more where many others are in the box."""
        self.large.action_send()
        people = self.large.subject_ids[0].participant_ids
        counts = [self._count(self._fill(one, 4, "Good")._mark_done) for one in people]
        self.assertEqual(len(set(counts[1:])), 1, counts)
