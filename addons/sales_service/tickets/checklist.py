"""What is still to be done about one point of a checklist, without records.

>>> lack(Point("measure", True, done=True, measure=3.5, limits=(1.0, 3.0)))
'remark'
>>> lack(Point("tick", required=False))
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """
    ``kind``      tick, measure or text
    ``required``  whether the work is not done without it
    ``done``      ticked, measured or answered
    ``measure``   in the unit of the limits
    ``limits``    the least and the most that is in order; None: nothing is out of order
    ``remark``    what the agent says about it
    """

    kind: str
    required: bool
    done: bool = False
    measure: float = 0.0
    limits: tuple[float, float] | None = None
    remark: str = ""


def is_outside(point):
    """Whether something was measured that is not in order."""
    if point.kind != "measure" or not point.done or point.limits is None:
        return False
    least, most = point.limits
    return not least <= point.measure <= most


def lack(point):
    """``done`` where it is to be done, ``remark`` where it asks for one, else None."""
    if point.required and not point.done:
        return "done"
    if is_outside(point) and not point.remark.strip():
        return "remark"
    return None
