"""Many jobs to few agents at the lowest total cost: exact, and in whole numbers.

Jobs are placed one after the other, each by the cheapest chain of moves that makes room
for it: it goes to one agent, who passes another job on, and so forth, to somebody who
can take one more. What an agent gets besides never costs less than what came before, so
the whole is optimal after each job (successive shortest paths, Busacker and Gowen
1960). The chains are sought among the agents: the way from one to another is the job
that is moved at the least cost.
"""

from collections import deque
from heapq import heappop, heappush
from math import inf


def assign(costs, waits, rooms, load):
    """Who gets which job. Ties go to what comes first in the order of the keys.

    :param dict costs: by job, by agent who may get it, what that costs
    :param dict waits: by job, what it costs that nobody gets it
    :param dict rooms: by agent, how many jobs at most
    :param load: ``load(agent, number)``: what the number-th job (from 1 on) costs the
        agent besides, never less than the one before
    :return: ``{job: agent}`` of the jobs that somebody got

    >>> assign({"a": {"Ann": 1, "Bo": 2}, "b": {"Ann": 1, "Bo": 9}},
    ...        {"a": 99, "b": 99}, {"Ann": 1, "Bo": 1}, lambda agent, number: 0)
    {'a': 'Bo', 'b': 'Ann'}
    """
    agents, jobs = sorted(rooms), sorted(costs)
    # Who gets nothing is had by the last one, nobody.
    rows = [
        [*(costs[job].get(agent, inf) for agent in agents), waits[job]] for job in jobs
    ]
    board = _Board(
        rows,
        [*(min(rooms[agent], len(jobs)) for agent in agents), len(jobs)],
        [*((lambda number, agent=agent: load(agent, number)) for agent in agents)]
        + [lambda number: 0],
    )
    for number in range(len(jobs)):
        board.place(number)
    return {
        job: agents[holder]
        for job, holder in zip(jobs, board.holders, strict=True)
        if holder < len(agents)
    }


class _Board:
    """Who holds which job, all by their numbers."""

    def __init__(self, rows, rooms, loads):
        self.rows = rows
        self.rooms = rooms
        self.loads = loads
        self.all = range(len(rooms))
        self.holders = [None] * len(rows)
        self.counts = [0 for _holder in self.all]
        self.next_load = [load(1) for load in loads]
        # From one to another: jobs by what their move costs, gone ones among them.
        self.heaps = [[[] for _other in self.all] for _holder in self.all]
        # From one: to whom at which cost, and the job.
        self.moves = [[] for _holder in self.all]

    def place(self, job):
        """Give a further job to somebody, by the cheapest chain of moves."""
        cost, before = self._seek(self.rows[job])
        end = min(
            (one for one in self.all if self.counts[one] < self.rooms[one]),
            key=lambda one: cost[one] + self.next_load[one],
        )
        self.counts[end] += 1
        self.next_load[end] = self.loads[end](self.counts[end] + 1)
        touched, holder = [end], end
        while before[holder] is not None:
            giver, moved = before[holder]
            self._hand(moved, holder)
            touched.append(giver)
            holder = giver
        self._hand(job, holder)
        for one in touched:
            self._refresh(one)

    def _seek(self, row):
        """What it costs that a job ends up, by moves, with each; and by which move."""
        cost = list(row)
        before = [None] * len(row)
        waiting = deque(one for one in self.all if cost[one] < inf)
        is_waiting = [value < inf for value in cost]
        while waiting:
            giver = waiting.popleft()
            is_waiting[giver] = False
            here = cost[giver]
            for taker, extra, job in self.moves[giver]:
                if here + extra < cost[taker]:
                    cost[taker] = here + extra
                    before[taker] = (giver, job)
                    if not is_waiting[taker]:
                        is_waiting[taker] = True
                        waiting.append(taker)
        return cost, before

    def _hand(self, job, holder):
        self.holders[job] = holder
        row, heaps = self.rows[job], self.heaps[holder]
        for other in self.all:
            if other != holder and row[other] < inf:
                heappush(heaps[other], (row[other] - row[holder], job))

    def _refresh(self, holder):
        moves = []
        for other, heap in enumerate(self.heaps[holder]):
            while heap and self.holders[heap[0][1]] != holder:
                heappop(heap)
            if heap:
                moves.append((other, *heap[0]))
        self.moves[holder] = moves
