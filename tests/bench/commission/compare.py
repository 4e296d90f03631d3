"""Each scenario in each engine, in a transaction of its own that is rolled back."""

from dataclasses import dataclass
from unittest.mock import patch

from freezegun import freeze_time

from odoo.api import SUPERUSER_ID, Environment
from odoo.exceptions import UserError

from .scenarios import SCENARIOS
from .stage import START, Stage

CONTEXT = {
    "lang": "en_US",
    "tz": "UTC",
    "tracking_disable": True,
    "no_reset_password": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}


@dataclass
class Verdict:
    """What became of a scenario in an engine."""

    checks: list
    notes: list
    refused: str = ""

    @property
    def right(self):
        return not self.refused and all(check.right for check in self.checks)

    def __str__(self):
        if self.refused:
            text = f"refused: {self.refused}"
        elif self.right:
            text = "right"
        else:
            wrong = [check for check in self.checks if not check.right]
            text = "wrong: " + ", then ".join(dict.fromkeys(map(_difference, wrong)))
        return "; ".join([text, *dict.fromkeys(self.notes)])


def _difference(check):
    if isinstance(check.paid, set):
        return f"reads {_names(check.paid)} instead of {_names(check.due)}"
    whose = sorted(check.paid.keys() | check.due.keys())
    several = len(whose) > 1
    parts = [
        (f"{key[0]} " if several else "")
        + f"{check.paid.get(key, 0):,.2f} instead of {check.due.get(key, 0):,.2f}"
        for key in whose
        if check.paid.get(key, 0) != check.due.get(key, 0)
    ]
    return " and ".join(parts)


def _names(people):
    return " and ".join(sorted(people)) or "nobody"


def play(side, engine, scenario):
    """One scenario on one side; nothing of it stays.

    :return: the verdict
    """
    with (
        side.registry.cursor() as cr,
        patch.object(cr, "commit", side_effect=RuntimeError("a scenario commits")),
        freeze_time(START) as clock,
    ):
        env = Environment(cr, SUPERUSER_ID, CONTEXT)
        env = env(context={**CONTEXT, "allowed_company_ids": env.company.ids})
        stage = Stage(env, engine, clock)
        refused = ""
        try:
            scenario(stage)
        except UserError as error:
            refused = str(error.args[0])
        finally:
            cr.rollback()
    return Verdict(stage.checks, stage.notes, refused)


def table(verdicts, engines):
    """:param dict verdicts: ``{title: [verdict of each engine]}``"""
    yield f"| scenario | what is right, and why | {' | '.join(engines)} |"
    yield "|---|---|" + "---|" * len(engines)
    for title, row in verdicts.items():
        why = " ".join(SCENARIOS[title].__doc__.split())
        yield f"| {title} | {why} | {' | '.join(map(str, row))} |"
    right = [
        f"{sum(row[n].right for row in verdicts.values())} of {len(verdicts)} right"
        for n in range(len(engines))
    ]
    yield f"| | | {' | '.join(right)} |"
