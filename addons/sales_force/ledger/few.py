"""The ledger's arithmetic for a few documents, in Python.

What changes in one transaction is mostly one document. Then planning a source's whole
statement takes longer than everything else, so the raw rows of all sources are read
with small SELECTs in one round trip and summed up here; sets are left to SQL. Both
ways are compared, with each other and with an oracle, by the tests.
"""

import json
from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from operator import itemgetter

from odoo.tools import SQL

from .apportion import apportion
from .crediting import KEY, ORGANISATION, ORGANISED, VALUES

_KEY = (*KEY, "user_id")
_NAMES = (*_KEY, *VALUES)
_COLUMNS = SQL(", ").join(map(SQL.identifier, _NAMES))
_EXISTING = """
    SELECT c.* FROM scope JOIN sales_credit c ON c.scope_id = scope.id AND c.source = %s
"""
# What decides who is credited with a fact.
_OWNED = ("user_id", "company_id", "date", "partner_id")
_key_of, _values_of = itemgetter(*_KEY), itemgetter(*VALUES)
_owned_of, _shared_of = itemgetter(*_OWNED), itemgetter(*_OWNED, "split")
# What a fact has that counts documents.
ONE = {
    "product_id": None,
    "currency_id": None,
    "scale": 2,
    "before": 0,
    "upto": 100,
    "doc_scale": 0,
    "doc_before": 0,
    "doc_upto": 0,
}


def _fetch(env, groups):
    """SELECTs over relations in one round trip.

    :param groups: ``[(relations, SELECTs)]``
    :return: for each group the rows of each SELECT, as dicts: dates in ISO format,
        fractional numbers as Decimal
    """
    env.cr.execute(
        SQL(
            "SELECT %s",
            SQL(", ").join(
                SQL(
                    "(WITH %s SELECT json_build_array(%s)::text)",
                    relations,
                    SQL(", ").join(
                        SQL("(SELECT json_agg(r) FROM (%s) r)", select)
                        for select in selects
                    ),
                )
                for relations, selects in groups
            ),
        )
    )
    return [
        [rows or [] for rows in json.loads(text, parse_float=Decimal)]
        for text in env.cr.fetchone()
    ]


def _scope(scope):
    return SQL("scope(id) AS MATERIALIZED (%s)", scope)


def fetch(env, scope, select):
    """The rows of a SELECT over ``scope(id)``; see ``_fetch``."""
    return _fetch(env, [(_scope(scope), [select])])[0][0]


def rounded(number):
    """A Decimal as an integer, halves away from zero as PostgreSQL rounds."""
    return int(Decimal(number).to_integral_value(ROUND_HALF_UP))


def units(amount, scale):
    """An amount in units of its last decimal."""
    return rounded(Decimal(amount).scaleb(scale))


def date_of(company, timestamp):
    """The date of a timestamp (UTC) as ``fetch`` gives it, where a company works."""
    moment = datetime.fromisoformat(timestamp[:19])
    return company._get_sales_date(moment).isoformat()


def _read_facts(source, env, scope, metrics):
    """The reader of a source that has none: what its statement says."""
    if source.prepare:
        env.cr.execute(source.prepare(env, scope, env.cr.now()))
    [facts] = yield [source.facts(env, metrics)]
    return facts, []


def _read(env, scopes, metrics):
    """The facts of a few documents, the credits that are theirs, and what to write."""
    groups, readers = [], []
    for source, scope in scopes:
        if source.read:
            reader = source.read(env, scope, metrics)
        else:
            reader = _read_facts(source, env, scope, metrics)
        readers.append((source.code, reader))
        groups.append((_scope(scope), [SQL(_EXISTING, source.code), *next(reader)]))
    facts, credits, statements = [], [], []
    for (code, reader), (existing, *rows) in zip(
        readers, _fetch(env, groups), strict=True
    ):
        credits += existing
        try:
            reader.send(rows)
        except StopIteration as stop:
            read, written = stop.value
        statements += written
        facts += (
            {**fact, "source": code}
            for fact in read
            if fact["metric_id"] and fact["upto"] != fact["before"]
        )
    return facts, credits, statements


def _shares(fact, splits):
    """``(user, share, overlay, units, document units)`` of a fact's beneficiaries."""
    before = fact["before"], fact["doc_before"]
    upto = fact["upto"], fact["doc_upto"]
    shares = [split for split in splits if not split["overlay"]]
    if shares:
        weights = [units(split["share"], 2) for split in shares]
        parts = zip(
            *(apportion(number, weights) for number in (*before, *upto)), strict=True
        )
        for split, (old, doc_old, new, doc_new) in zip(shares, parts, strict=True):
            user, share = split["user_id"], split["share"]
            yield user, share, False, new - old, doc_new - doc_old
    else:
        whole, doc_whole = (new - old for old, new in zip(before, upto, strict=True))
        yield fact["user_id"], 100, False, whole, doc_whole
    for split in splits:
        if split["overlay"]:
            share = Decimal(split["share"])
            part, doc_part = (
                rounded(new * share / 100) - rounded(old * share / 100)
                for old, new in zip(before, upto, strict=True)
            )
            yield split["user_id"], split["share"], True, part, doc_part


def _credits(facts, splits, owners):
    """The credits of facts: ``{key: values}``."""
    credits = {}
    by_target = defaultdict(list)
    for split in splits:
        by_target[split["target"]].append(split)
    for fact in facts:
        place = fact["company_id"], fact["date"], fact["partner_id"]
        for user_id, share, overlay, part, doc_part in _shares(
            fact, by_target[fact["split"]]
        ):
            if not part:
                continue
            owner = owners[user_id, *place]
            row = {
                **fact,
                **owner,
                "user_id": user_id,
                "team_id": owner["rep_team_id"] if owner["rep_id"] else fact["team_id"],
                "share": share,
                "overlay": overlay,
                "value": Decimal(part).scaleb(-fact["scale"]),
                "amount_currency": Decimal(doc_part).scaleb(-fact["doc_scale"]),
            }
            credits[_key_of(row)] = _values_of(row)
    return credits


def _read_owners(env, facts):
    """The splits of facts, and who is credited with them."""
    keys = {_shared_of(fact) for fact in facts}
    targets = [key[-1] for key in keys if key[-1]]
    owned = SQL(", ").join(map(SQL.identifier, _OWNED))
    users = SQL("SELECT %s FROM facts", owned)
    splits = []
    if targets:
        splits.append(
            SQL(
                """SELECT target, user_id, share, overlay FROM sales_split
                WHERE target = ANY(%s) ORDER BY sequence, id""",
                targets,
            )
        )
        users = SQL(
            """%s UNION
            SELECT s.user_id, f.company_id, f.date, f.partner_id
            FROM facts f JOIN sales_split s ON s.target = f.split""",
            users,
        )
    relation = SQL(
        """facts(%s, split) AS MATERIALIZED (
            SELECT * FROM unnest(%s::integer[], %s::integer[], %s::date[],
                %s::integer[], %s::integer[])
        )""",
        owned,
        *([key[i] for key in keys] for i in range(len(_OWNED) + 1)),
    )
    owners = SQL("SELECT s.*, %s FROM (%s) s %s", ORGANISED, users, ORGANISATION)
    [[owners, *splits]] = _fetch(env, [(relation, [owners, *splits])])
    return {_owned_of(owner): owner for owner in owners}, splits[0] if splits else []


def merge(env, scopes, metrics):
    """Make the ledger equal to a few documents; see ``crediting.merge``.

    :param scopes: ``[(source, SELECT of its scope's ids)]``
    """
    facts, existing, statements = _read(env, scopes, metrics)
    owners, splits = _read_owners(env, facts) if facts else ({}, [])
    derived = _credits(facts, splits, owners)
    stale = {}
    for row in existing:
        key = _key_of(row)
        if derived.get(key) == _values_of(row):
            del derived[key]
        else:
            stale[key] = row["id"]
    gone = [id_ for key, id_ in stale.items() if key not in derived]
    if gone:
        statements.append(SQL("DELETE FROM sales_credit WHERE id = ANY(%s)", gone))
    changed, added = [], []
    for key, values in derived.items():
        row = dict(zip(("id", *_NAMES), (stale.get(key), *key, *values), strict=True))
        (changed if key in stale else added).append(row)
    if changed:
        # Whoever refers to a credit keeps it.
        statements.append(
            SQL(
                """UPDATE sales_credit c SET (%s) = (%s)
                FROM json_populate_recordset(NULL::sales_credit, %s) r
                WHERE c.id = r.id""",
                SQL(", ").join(map(SQL.identifier, VALUES)),
                SQL(", ").join(SQL.identifier("r", name) for name in VALUES),
                json.dumps(changed, default=str),
            )
        )
    if added:
        statements.append(
            SQL(
                """INSERT INTO sales_credit (%(names)s)
                SELECT %(names)s
                FROM json_populate_recordset(NULL::sales_credit, %(rows)s)
                ON CONFLICT DO NOTHING""",
                names=_COLUMNS,
                rows=json.dumps(added, default=str),
            )
        )
    if statements:
        env.cr.execute(SQL("; ").join(statements))
