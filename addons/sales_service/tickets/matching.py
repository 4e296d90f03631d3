"""Who should get which ticket: what forbids it, what speaks for it, the best for all.

A rule that forbids is never broken; everything else is a cost, from 0 (as good as can
be) to 1000, that counts as much as the weights say; load goes on growing where there is
no limit. All is in whole numbers, so that the same question has the same answer.
Moments are naive and in UTC.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from odoo.addons.sales_force.visits.geo import distance

from .assignment import assign

# Why somebody must not get a ticket.
REFUSED, COURSE, SKILL, LANGUAGE, TERRITORY, HOURS, FULL = (
    *("refused", "course", "skill", "language", "territory", "hours", "full"),
)
# What makes one better than another.
SLACK, DISTANCE, LOAD, CUSTOMER, PARTS, FIX = (
    *("slack", "distance", "load", "customer", "parts", "fix"),
)
WEIGHTED = (SLACK, DISTANCE, LOAD, CUSTOMER, PARTS, FIX)

WORST = 1000
# Metres from which on everything is equally far.
FAR = 100_000
# What is usual load where somebody has no limit.
USUAL = 20
# Who has done little is believed to fix four of five at once, as if seen on five.
PRIOR = (4, 5)
MINUTE = timedelta(minutes=1)


class Worktime:
    """When somebody works from now on. Who has the same hours shares the object.

    :param intervals: disjoint ``(start, stop)``, in order
    """

    def __init__(self, intervals):
        self.intervals = list(intervals)
        self._starts = [start for start, _stop in self.intervals]
        self._before = [timedelta()]
        for start, stop in self.intervals:
            self._before.append(self._before[-1] + (stop - start))
        self._known = {}

    def minutes(self, until):
        """The whole minutes that are worked before a moment."""
        if until not in self._known:
            number = bisect_right(self._starts, until)
            worked = self._before[number]
            if number:
                worked -= max(timedelta(), self.intervals[number - 1][1] - until)
            self._known[until] = worked // MINUTE
        return self._known[until]

    def covers(self, start, stop):
        """Whether all of a span is worked."""
        return any(begin <= start and stop <= end for begin, end in self.intervals)


@dataclass(frozen=True, eq=False)
class Agent:
    """Somebody who may get tickets.

    ``skills``     by skill the level, from 0 to 100
    ``languages``, ``territories``  none: all of them
    ``most``       open tickets at most; 0: no limit
    ``open``       tickets that are open now, and ``backlog`` their work in minutes
    ``places``     ``(latitude, longitude)`` where work is already
    ``parts``      what is in the van
    ``customers``  how many tickets were done for a customer
    ``record``     by category: tickets done, and those of them right at once
    """

    key: int
    courses: frozenset = frozenset()
    skills: Mapping = field(default_factory=dict)
    languages: frozenset = frozenset()
    territories: frozenset = frozenset()
    most: int = 0
    open: int = 0
    backlog: int = 0
    time: Worktime = field(default_factory=lambda: Worktime(()))
    places: tuple = ()
    parts: frozenset = frozenset()
    customers: Mapping = field(default_factory=dict)
    record: Mapping = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Job:
    """A ticket that somebody has to get.

    ``until``        before this moment somebody has to work; ``minutes`` of work
    ``span``         ``(start, stop)`` of an appointment, else None
    ``skills``       ``(skill, least level)``
    ``language``     None: any
    ``territories``  that of the customer and those above; none: anywhere
    ``place``        ``(latitude, longitude)``; None: not at the customer's, or unknown
    ``urgency``      where not all find somebody, the greater goes first; at least 0
    """

    key: int
    until: datetime
    minutes: int = 0
    span: tuple | None = None
    courses: frozenset = frozenset()
    skills: frozenset = frozenset()
    language: object = None
    territories: frozenset = frozenset()
    place: tuple | None = None
    parts: frozenset = frozenset()
    customer: object = None
    category: object = None
    refused: frozenset = frozenset()
    urgency: int = 0


@dataclass(frozen=True)
class Choice:
    """What speaks against an agent, and for.

    ``forbids``  codes of the rules that forbid it; none: they may get it
    ``costs``    by code of ``WEIGHTED``, before weights
    """

    agent: Agent
    forbids: tuple
    costs: Mapping
    total: int


def forbidding(job, agent):
    """The codes of the rules by which the agent must not get the job."""
    if job.span:
        works = agent.time.covers(*job.span)
    else:
        works = agent.time.minutes(job.until) > 0
    rules = {
        REFUSED: agent.key not in job.refused,
        COURSE: job.courses <= agent.courses,
        SKILL: not lacking_skills(job, agent),
        LANGUAGE: (
            job.language is None
            or not agent.languages
            or job.language in agent.languages
        ),
        TERRITORY: (
            not job.territories
            or not agent.territories
            or not job.territories.isdisjoint(agent.territories)
        ),
        HOURS: works,
        FULL: not agent.most or agent.open < agent.most,
    }
    return tuple(code for code, kept in rules.items() if not kept)


def lacking_skills(job, agent):
    """The skills that are asked for and that the agent has not, or not so well."""
    return {
        skill
        for skill, level in job.skills
        if skill not in agent.skills or agent.skills[skill] < level
    }


def costs(job, agent):
    """By code of ``WEIGHTED`` what it costs that the agent gets the job."""
    return {
        SLACK: _slack(job, agent),
        DISTANCE: _distance(job, agent),
        LOAD: _load(agent, 1),
        CUSTOMER: WORST // (1 + agent.customers.get(job.customer, 0)),
        PARTS: (
            WORST * len(job.parts - agent.parts) // len(job.parts) if job.parts else 0
        ),
        FIX: _fix(job, agent),
    }


def _slack(job, agent):
    """The part of the working time until the limit that is taken."""
    minutes = agent.time.minutes(job.until)
    taken = agent.backlog + job.minutes
    return WORST * taken // minutes if taken < minutes else WORST


def _distance(job, agent):
    if job.place is None:
        return 0
    metres = min(
        (distance(place, job.place) for place in agent.places), default=FAR / 2
    )
    return min(WORST, int(metres) * WORST // FAR)


def _load(agent, number):
    """Of the number-th ticket that is given now: how full it finds the agent."""
    return WORST * (agent.open + number - 1) // (agent.most or USUAL)


def _fix(job, agent):
    done, right = agent.record.get(job.category, (0, 0))
    return WORST - WORST * (right + PRIOR[0]) // (done + PRIOR[1])


def rank(job, agents, weights):
    """All agents for a job: those who may get it, the best first; then the others.

    :param dict weights: by code of ``WEIGHTED``, whole and not negative
    """
    choices = []
    for agent in agents:
        each = costs(job, agent)
        total = sum(weights.get(code, 0) * cost for code, cost in each.items())
        choices.append(Choice(agent, forbidding(job, agent), each, total))
    return sorted(
        choices,
        key=lambda one: (bool(one.forbids), one.total, one.agent.key),
    )


def strengths(choice, ranking, weights):
    """The codes in which nobody who may get the job is better, and somebody worse."""
    rivals = [one for one in ranking if not one.forbids]
    return tuple(
        code
        for code in WEIGHTED
        if weights.get(code, 0)
        and choice.costs[code] == min(one.costs[code] for one in rivals)
        and choice.costs[code] < max(one.costs[code] for one in rivals)
    )


def weaknesses(choice, best, weights):
    """The codes in which one costs more than the best."""
    return tuple(
        code
        for code in WEIGHTED
        if weights.get(code, 0) and choice.costs[code] > best.costs[code]
    )


def match(jobs, agents, weights):
    """Who gets which job, so that all together cost the least.

    As many jobs as the rules allow find somebody, the urgent before the others. What an
    agent gets here counts as load of what they get besides.

    :return: ``{job key: agent key}`` of those that found somebody
    """
    load_weight = weights.get(LOAD, 0)
    by_key = {agent.key: agent for agent in agents}
    pairs = {
        job.key: {
            agent.key: sum(
                weights.get(code, 0) * cost
                for code, cost in costs(job, agent).items()
                if code != LOAD
            )
            for agent in agents
            if not forbidding(job, agent)
        }
        for job in jobs
    }

    def load(key, number):
        return load_weight * _load(by_key[key], number)

    rooms = {
        agent.key: agent.most - agent.open if agent.most else len(jobs)
        for agent in agents
        if not agent.most or agent.open < agent.most
    }
    # That one job waits costs more than whatever all others may cost.
    dear = 1 + sum(max(row.values(), default=0) for row in pairs.values())
    dear += sum(load(key, room) * room for key, room in rooms.items())
    waits = {job.key: dear * (1 + job.urgency) for job in jobs}
    return assign(pairs, waits, rooms, load)
