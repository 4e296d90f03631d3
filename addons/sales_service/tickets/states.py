"""The way of a ticket, as states and the steps between them."""

# In the order of the way: where a team has no stage for a state, the one before holds.
STATES = [
    ("new", "New"),
    ("reopened", "Reopened"),
    ("assigned", "Assigned"),
    ("accepted", "Accepted"),
    ("in_progress", "In progress"),
    ("waiting_customer", "Waiting for the customer"),
    ("waiting_parts", "Waiting for parts"),
    ("waiting_other", "Waiting for a third party"),
    ("resolved", "Resolved"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]

WAITING = ("waiting_customer", "waiting_parts", "waiting_other")
# Somebody has it and does not work on it yet.
HANDED = ("assigned", "accepted", "reopened")
# Somebody has it.
HELD = (*HANDED, "in_progress", *WAITING)
OPEN = ("new", *HELD)
DONE = ("resolved", "closed", "cancelled")

# By step: the states in which it is taken, and the one it leads to.
STEPS = {
    "assign": (OPEN, "assigned"),
    "accept": (("assigned", "reopened"), "accepted"),
    "release": (HELD, "new"),
    "refuse": (("assigned", "reopened"), "new"),
    "start": ((*HANDED, *WAITING), "in_progress"),
    "wait_customer": (HELD, "waiting_customer"),
    "wait_parts": (HELD, "waiting_parts"),
    "wait_other": (HELD, "waiting_other"),
    "resolve": (OPEN, "resolved"),
    "close": (("resolved",), "closed"),
    "reopen": (("resolved", "closed", "cancelled"), "reopened"),
    "cancel": (OPEN, "cancelled"),
}
_WAY = [state for state, _label in STATES]
# The step that a state asks for, where a ticket is put there by its stage.
STEP_TO = {state: step for step, (_states, state) in reversed(STEPS.items())}


def column(columns, state, current=None):
    """The stage of tickets in a state: the first of it, else of the state before.

    >>> stages = {1: "new", 2: "assigned", 3: "assigned", 4: "closed"}
    >>> column(stages, "assigned"), column(stages, "assigned", current=3)
    (2, 3)
    >>> column(stages, "in_progress")
    2

    :param dict columns: states by stage, in the order of the stages
    :param current: the stage that they are in; they stay in one of the same state
    :return: None where no stage comes so early
    """
    place = _WAY.index(state)
    reached, so_far = None, -1
    for stage, of_stage in columns.items():
        way = _WAY.index(of_stage)
        if so_far < way <= place:
            reached, so_far = stage, way
    if reached is not None and columns.get(current) == columns[reached]:
        return current
    return reached
