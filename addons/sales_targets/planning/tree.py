"""The organisation that a target goes through: territories, teams, reps.

A node is named by its path from the company: ``c/t3/m7/r12`` is rep 12 in team 7 in
territory 3. Who moves gets a new node; the old one keeps its past. ``c/t3/m7/h`` is the
holding line of team 7: what nobody carries yet.
"""

from dataclasses import dataclass, field

LEVELS = {"c": "company", "t": "territory", "m": "team", "r": "rep", "h": "holding"}
ROOT = "c"


@dataclass
class Node:
    """:param str key: its path
    :param list children: keys, in the order of their siblings
    :param bool former: nobody is below any more; it keeps its past
    """

    key: str
    children: list = field(default_factory=list)
    former: bool = False

    @property
    def parent(self):
        """The key of the node above; None for the company."""
        return self.key.rpartition("/")[0] or None

    @property
    def level(self):
        return LEVELS[self.key.rpartition("/")[2][0]]

    @property
    def res_id(self):
        """The id of its territory, team or rep; None for the company."""
        number = self.key.rpartition("/")[2][1:]
        return int(number) if number else None


def build(paths):
    """The nodes on all paths, those above before those below.

    :param paths: ``[(rep's id, team's id or None, [territories' ids from above])]``, in
        the order that decides ties
    :return: ``{key: Node}``, the company first

    >>> list(build([(12, 7, [3]), (13, None, [])]))
    ['c', 'c/t3', 'c/t3/m7', 'c/t3/m7/r12', 'c/r13']
    """
    nodes = {ROOT: Node(ROOT)}
    for rep, team, territories in paths:
        steps = [f"t{id_}" for id_ in territories]
        steps += [f"m{team}"] if team else []
        key = ROOT
        for step in (*steps, f"r{rep}"):
            below = f"{key}/{step}"
            if below not in nodes:
                nodes[below] = Node(below)
                nodes[key].children.append(below)
            key = below
    return nodes


def from_keys(keys):
    """The nodes of these paths, those above before those below.

    :param keys: all of them, siblings in the order that decides ties
    :return: ``{key: Node}``, the company first

    >>> list(from_keys(["c", "c/m7/r12", "c/m7"]))
    ['c', 'c/m7', 'c/m7/r12']
    """
    nodes = {key: Node(key) for key in sorted(keys, key=lambda key: key.count("/"))}
    for key, node in nodes.items():
        if node.parent is not None:
            nodes[node.parent].children.append(key)
    return nodes


def lowest_common(paths):
    """Who is above all of them, as deep as can be: the last common id of paths.

    :param paths: ``parent_path`` of reps, as ``1/5/9/``
    :return: an id, or None where they have nobody in common
    """
    split = [path.strip("/").split("/") for path in paths]
    common = None
    for ids in zip(*split, strict=False):
        if len(set(ids)) > 1:
            break
        common = int(ids[0])
    return common
