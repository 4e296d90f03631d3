"""Who gets which ticket: rules that are never broken, and the lowest cost."""

import random
from datetime import datetime, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tickets import matching
from ..tickets.assignment import assign
from ..tickets.matching import Agent, Job, Worktime

NOW = datetime(2031, 3, 3, 9)
HOUR = timedelta(hours=1)
DAY_SHIFT = Worktime(
    [(NOW + HOUR * 24 * day, NOW + HOUR * (24 * day + 8)) for day in (0, 1)]
)
NIGHT_SHIFT = Worktime([(NOW + HOUR * 12, NOW + HOUR * 20)])
ABSENT = Worktime([])
WEIGHTS = dict.fromkeys(matching.WEIGHTED, 1)

few = st.frozensets(st.integers(0, 2), max_size=2)
places = st.none() | st.tuples(st.integers(48, 49), st.integers(10, 11))


def agents_of(number):
    return st.builds(
        Agent,
        key=st.just(number),
        courses=few,
        skills=st.dictionaries(st.integers(0, 2), st.sampled_from([0, 50, 100])),
        languages=few,
        territories=few,
        most=st.integers(0, 3),
        open=st.integers(0, 3),
        backlog=st.integers(0, 300),
        time=st.sampled_from([DAY_SHIFT, DAY_SHIFT, NIGHT_SHIFT, ABSENT]),
        places=st.tuples(st.tuples(st.integers(48, 49), st.integers(10, 11))),
        parts=few,
        customers=st.dictionaries(st.integers(0, 2), st.integers(1, 3), max_size=2),
        record=st.dictionaries(
            st.integers(0, 2), st.tuples(st.integers(3, 9), st.integers(0, 3))
        ),
    )


def jobs_of(number):
    return st.builds(
        Job,
        key=st.just(number),
        until=st.integers(1, 40).map(lambda hours: NOW + HOUR * hours),
        minutes=st.integers(0, 120),
        span=st.none()
        | st.integers(0, 20).map(
            lambda hours: (NOW + HOUR * hours, NOW + HOUR * (hours + 1))
        ),
        courses=st.frozensets(st.integers(0, 2), max_size=1),
        skills=st.frozensets(
            st.tuples(st.integers(0, 2), st.sampled_from([0, 50])), max_size=1
        ),
        language=st.none() | st.integers(0, 2),
        territories=st.frozensets(st.integers(0, 2), max_size=1),
        place=places,
        parts=few,
        customer=st.integers(0, 2),
        category=st.integers(0, 2),
        refused=st.frozensets(st.integers(0, 4), max_size=1),
        urgency=st.integers(0, 3),
    )


@st.composite
def days(draw, agents, jobs):
    """Jobs and agents of a day, and what counts how much."""
    return (
        [draw(jobs_of(number)) for number in range(draw(st.integers(0, jobs)))],
        [draw(agents_of(number)) for number in range(draw(st.integers(0, agents)))],
        {code: draw(st.integers(0, 5)) for code in matching.WEIGHTED},
    )


def keeps_rules(job, agent):
    """Written again, as one would say it."""
    if agent.key in job.refused:
        return False
    if any(course not in agent.courses for course in job.courses):
        return False
    for skill, level in job.skills:
        if skill not in agent.skills or agent.skills[skill] < level:
            return False
    if job.language is not None and agent.languages:
        if job.language not in agent.languages:
            return False
    if job.territories and agent.territories:
        if not any(territory in agent.territories for territory in job.territories):
            return False
    if job.span:
        return any(
            start <= job.span[0] and job.span[1] <= stop
            for start, stop in agent.time.intervals
        )
    return any(start < job.until for start, _stop in agent.time.intervals)


def worth(jobs, agents, weights, found):
    """``(urgency of those who wait, cost)`` of an assignment; None: a rule is broken.

    The urgency by itself, the greatest first: so many of each wait.
    """
    by_key = {agent.key: agent for agent in agents}
    given_to = dict.fromkeys(by_key, 0)
    total = 0
    for job in jobs:
        if job.key not in found:
            continue
        agent = by_key[found[job.key]]
        if not keeps_rules(job, agent):
            return None
        filled = agent.open + given_to[agent.key]
        if agent.most and filled >= agent.most:
            return None
        each = matching.costs(job, agent)
        each[matching.LOAD] = 1000 * filled // (agent.most or matching.USUAL)
        total += sum(weights[code] * each[code] for code in each)
        given_to[agent.key] += 1
    waiting = [job.urgency for job in jobs if job.key not in found]
    return tuple(waiting.count(urgency) for urgency in (3, 2, 1, 0)), total


def greedy(jobs, agents, weights):
    """The urgent first, each to who is cheapest then."""
    found, given_to = {}, dict.fromkeys((agent.key for agent in agents), 0)
    for job in sorted(jobs, key=lambda one: (-one.urgency, one.key)):
        choices = []
        for agent in agents:
            filled = agent.open + given_to[agent.key]
            if not keeps_rules(job, agent) or (agent.most and filled >= agent.most):
                continue
            each = matching.costs(job, agent)
            each[matching.LOAD] = 1000 * filled // (agent.most or matching.USUAL)
            choices.append(
                (sum(weights[code] * each[code] for code in each), agent.key)
            )
        if choices:
            found[job.key] = min(choices)[1]
            given_to[found[job.key]] += 1
    return found


def crowd(jobs, agents, seed=19):
    """A day of a large company: skills, regions, shifts."""
    rng = random.Random(seed)
    made = [
        Agent(
            key=number,
            courses=frozenset(rng.sample(range(6), 3)),
            territories=frozenset(rng.sample(range(10), 4)),
            most=100,
            open=rng.randint(0, 10),
            backlog=rng.randint(0, 400),
            time=DAY_SHIFT if rng.random() < 0.9 else NIGHT_SHIFT,
            places=tuple((48 + rng.random(), 10 + rng.random()) for _place in range(3)),
            customers={rng.randrange(500): 2 for _customer in range(20)},
            record={one: (20, rng.randint(8, 20)) for one in range(5)},
        )
        for number in range(agents)
    ]
    work = [
        Job(
            key=number,
            until=NOW + HOUR * rng.randint(2, 40),
            minutes=rng.choice((15, 30, 60)),
            courses=frozenset(rng.sample(range(6), rng.choice((0, 1, 1)))),
            territories=frozenset((rng.randrange(10),)),
            place=(48 + rng.random(), 10 + rng.random()),
            customer=rng.randrange(500),
            category=rng.randrange(5),
            urgency=rng.randint(0, 3),
        )
        for number in range(jobs)
    ]
    return work, made


@tagged("post_install", "-at_install")
class TestMatching(BaseCase):
    @settings(deadline=None, max_examples=150)
    @given(days(agents=3, jobs=4))
    def test_best_of_all(self, day):
        """Against all that could be done: nothing is better, and no rule is broken."""
        jobs, agents, weights = day
        found = matching.match(jobs, agents, weights)
        best = min(
            filter(
                None,
                (
                    worth(
                        jobs,
                        agents,
                        weights,
                        {
                            job.key: key
                            for job, key in zip(jobs, keys, strict=True)
                            if key is not None
                        },
                    )
                    for keys in product(
                        [None, *(agent.key for agent in agents)], repeat=len(jobs)
                    )
                ),
            )
        )
        self.assertEqual(worth(jobs, agents, weights, found), best)

    @settings(deadline=None, max_examples=60)
    @given(days(agents=5, jobs=25), st.randoms(use_true_random=False))
    def test_many(self, day, rng):
        """Not worse than one after the other, each once, whatever the order."""
        jobs, agents, weights = day
        found = matching.match(jobs, agents, weights)
        reached = worth(jobs, agents, weights, found)
        self.assertIsNotNone(reached)
        self.assertLessEqual(
            reached, worth(jobs, agents, weights, greedy(jobs, agents, weights))
        )
        self.assertLessEqual(set(found), {job.key for job in jobs})
        rng.shuffle(jobs)
        rng.shuffle(agents)
        self.assertEqual(matching.match(jobs, agents, weights), found)

    @settings(deadline=None, max_examples=100)
    @given(days(agents=5, jobs=1))
    def test_ranking(self, day):
        """It forbids what the rules forbid, and begins with who is matched."""
        jobs, agents, weights = day
        for job in jobs:
            ranking = matching.rank(job, agents, weights)
            self.assertEqual(
                {one.agent.key for one in ranking}, {agent.key for agent in agents}
            )
            for choice in ranking:
                agent = choice.agent
                full = agent.most and agent.open >= agent.most
                self.assertEqual(
                    not choice.forbids, keeps_rules(job, agent) and not full
                )
                self.assertTrue(
                    all(
                        0 <= cost <= 1000 or code == matching.LOAD
                        for code, cost in choice.costs.items()
                    )
                )
            may = [one for one in ranking if not one.forbids]
            self.assertEqual(ranking[: len(may)], may)
            found = matching.match([job], agents, weights)
            if not may:
                self.assertFalse(found)
                continue
            best = may[0]
            self.assertEqual(found, {job.key: best.agent.key})
            self.assertFalse(matching.weaknesses(best, best, weights))
            for code in matching.strengths(best, ranking, weights):
                self.assertTrue(all(one.costs[code] >= best.costs[code] for one in may))

    def test_why(self):
        known = Agent(1, time=DAY_SHIFT, customers={7: 3}, open=3, most=10)
        idle = Agent(2, time=DAY_SHIFT, most=10)
        away = Agent(3, time=ABSENT, open=10, most=10)
        job = Job(1, until=NOW + HOUR, customer=7)
        weights = {**WEIGHTS, matching.LOAD: 1, matching.CUSTOMER: 2}
        ranking = matching.rank(job, [away, idle, known], weights)
        self.assertEqual([one.agent.key for one in ranking], [1, 2, 3])
        self.assertEqual(
            matching.strengths(ranking[0], ranking, weights), (matching.CUSTOMER,)
        )
        self.assertEqual(
            matching.weaknesses(ranking[1], ranking[0], weights), (matching.CUSTOMER,)
        )
        self.assertEqual(ranking[2].forbids, (matching.HOURS, matching.FULL))

    def test_load_spreads(self):
        """Equals share evenly, though nothing was open when they were asked."""
        agents = [Agent(number, time=DAY_SHIFT, most=10) for number in range(4)]
        jobs = [Job(number, until=NOW + HOUR * 8) for number in range(12)]
        found = matching.match(jobs, agents, WEIGHTS)
        given_to = list(found.values())
        self.assertEqual([given_to.count(number) for number in range(4)], [3, 3, 3, 3])

    def test_worktime(self):
        time = Worktime([(NOW, NOW + HOUR), (NOW + 2 * HOUR, NOW + 3 * HOUR)])
        for hours, minutes in (
            (-1, 0),
            (0, 0),
            (0.5, 30),
            (1.5, 60),
            (2.5, 90),
            (9, 120),
        ):
            self.assertEqual(time.minutes(NOW + HOUR * hours), minutes)
        self.assertTrue(time.covers(NOW, NOW + HOUR))
        self.assertFalse(time.covers(NOW, NOW + HOUR * 1.5))

    def test_convex(self):
        """Chains of moves: the last job finds room through two others."""
        found = assign(
            {1: {"a": 0, "b": 5}, 2: {"b": 0, "c": 5}, 3: {"a": 0}},
            dict.fromkeys((1, 2, 3), 100),
            {"a": 1, "b": 1, "c": 1},
            lambda agent, number: 0,
        )
        self.assertEqual(found, {1: "b", 2: "c", 3: "a"})

    def test_crowd(self):
        """4,000 jobs over 50 agents: all rules kept, better than one by one."""
        jobs, agents = crowd(4000, 50)
        found = matching.match(jobs, agents, WEIGHTS)
        reached = worth(jobs, agents, WEIGHTS, found)
        self.assertIsNotNone(reached)
        one_by_one = worth(jobs, agents, WEIGHTS, greedy(jobs, agents, WEIGHTS))
        self.assertLess(reached, one_by_one)
