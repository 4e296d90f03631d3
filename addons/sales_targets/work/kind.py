"""What a kind of work declares: how it is found, and what makes it done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

# What the SELECT of candidates gives, in this order.
CANDIDATE_COLUMNS = (
    "rep_id",
    "res_model",  # what the item opens
    "res_id",
    "partner_id",
    "document",  # what it is about, "model,id": one item a day is enough; or NULL
    "metric",  # the code of the metric to which it adds; or NULL
    "units",  # how much of the metric is expected of it
    "cause",  # why it is proposed: a key of the kind's causes
    "amount",  # in company currency, for the words of the cause; or NULL
    "since",  # the day since which there is a cause; or NULL
    "minutes",  # NULL: as the kind says
    "must",  # whether it is done even where the day has no room
    "name",  # of the document or of what is to be done; NULL: the customer says it
)


@dataclass(frozen=True)
class Morning:
    """Where and when work is looked for.

    ``timezone`` is the company's; visits are as its settings say
    """

    company_id: int
    date: date
    timezone: str
    visit_minutes: int
    visits_a_day: int


@dataclass(frozen=True)
class WorkKind:
    """A kind of items in a day's work plan.

    :param str label: translated
    :param str icon: a class of Font Awesome
    :param int minutes: that one takes, where nothing else is known
    :param str metric: the code of the metric to which one adds, if there is one
    :param candidates: of a ``Morning`` the SELECT of ``CANDIDATE_COLUMNS`` over the
        relation ``reps(rep_id, user_id)``; None: nothing is proposed
    :param done: of a timezone the SELECT of the ids of the relation ``work`` that are
        done by what happened from its ``date_from`` to its ``date_to`` (dates of the
        company); it has ``id rep_id user_id contact_id partner_id res_model res_id``,
        ``contact_id`` being the rep's own contact. None: it is ticked by hand
    :param gone: the same of what needs not be done any more, whoever saw to that: it
        is dropped. None: it stays
    :param dict causes: words by cause, translated, with ``%(days)s`` (since there is a
        cause, or until the day) and ``%(amount)s`` as they need
    :param bool addable: whether reps may add one for a customer by hand
    """

    label: str
    icon: str = "fa-check"
    minutes: int = 15
    metric: str | None = None
    candidates: Callable | None = None
    done: Callable | None = None
    gone: Callable | None = None
    causes: dict[str, str] = field(default_factory=dict)
    addable: bool = False
