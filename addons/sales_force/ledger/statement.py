"""Statements that PostgreSQL plans once per connection, not once per transaction.

Planning a source's statement takes several times as long as running it for one
document. A prepared statement with a generic plan leaves only the running.
"""

import hashlib
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from psycopg2.errors import DuplicatePreparedStatement, InvalidSqlStatementName

_names_by_connection = WeakKeyDictionary()


@dataclass(frozen=True)
class Statement:
    """A statement with ``$1`` ... and the types of these parameters."""

    text: str
    types: tuple[str, ...]

    @property
    def name(self):
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        return f"sales_credit_{digest[:32]}"

    def execute(self, cr, arguments):
        """Run it in one round trip; the result is not fetched.

        What is prepared is remembered by connection. Behind a connection pooler the
        server may have forgotten it, or know it from somebody else: then the
        savepoint allows to try the other way.
        """
        names = _names_by_connection.setdefault(cr.connection, set())
        call = cr.mogrify(
            f"EXECUTE {self.name} ({', '.join(['%s'] * len(arguments))});", arguments
        ).decode()
        prepare = f"PREPARE {self.name} ({', '.join(self.types)}) AS {self.text};"
        first, second = (
            (call, prepare + call) if self.name in names else (prepare + call, call)
        )
        try:
            self._run(cr, first)
        except (DuplicatePreparedStatement, InvalidSqlStatementName):
            cr.execute("ROLLBACK TO SAVEPOINT sales_credit")
            self._run(cr, second)
        names.add(self.name)

    def _run(self, cr, commands):
        # The commands are literals of this package.
        cr.execute(  # pylint: disable=sql-injection
            "SAVEPOINT sales_credit; SET LOCAL jit = off;"
            "SET LOCAL plan_cache_mode = force_generic_plan;"
            f"{commands} SET LOCAL plan_cache_mode TO DEFAULT;"
            "RELEASE SAVEPOINT sales_credit",
            log_exceptions=False,
        )
