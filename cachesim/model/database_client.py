"""The application's client library of the database: what `app.db` is."""

from collections.abc import Callable, Sequence
from typing import Any

import simpy

from cachesim.errors import DatabaseRefused, FenceRejected
from cachesim.model.database import DatabaseTier, QueryTier, Rows
from cachesim.model.events import Effect, Visit
from cachesim.model.journey import Journey
from cachesim.model.misuse import check_value
from cachesim.records import Query, Value


class QueryClient:
    """The client library of what answers SELECTs: each query takes a place in the connection pool."""

    def __init__(self, tier: QueryTier, journey: Journey) -> None:
        self._tier, self._journey = tier, journey
        self._select = tier.select
        self._send_read = tier.send_read
        # Effects, bound once: they run when their visit fires.
        self._was_read, self._was_refused = self._run_read, self._run_refuse

    def read(self, key: str, replica: bool = False) -> simpy.Event:
        """SELECT the row; the event's value is its Value, or None if there is no such row.

        A client with one endpoint asks that, whatever `replica` says. It is no keyword-only argument, because
        CPython calls a function that has one more slowly.
        """
        tier = self._tier
        if tier.open >= tier.limit:
            return self._refused()
        tier.open += 1
        tier.queries += 1
        send = self._send_read
        return send(self._journey, self._was_read, key)

    def _refused(self) -> Visit:
        visit = Visit().ready(self._tier.env, self._was_refused)
        self._journey.note(visit)
        return visit.start(self._tier.leg())

    def _run_read(self, visit: Visit) -> None:
        self._tier.open -= 1
        select = self._select
        self._journey.row = visit._value = select(visit._value)

    def _run_refuse(self, visit: Visit) -> None:
        visit.fail_with(
            DatabaseRefused(f"the {self._tier.name} has {self._tier.limit} queries already")
        )


class DatabaseClient(QueryClient):
    """The client library of the database: it also writes."""

    _tier: DatabaseTier

    def __init__(self, tier: DatabaseTier, journey: Journey) -> None:
        super().__init__(tier, journey)
        self._send_write = tier.send_write
        self._was_written, self._all_were_written = self._run_write, self._run_write_all
        self._was_fenced, self._was_queried = self._run_write_fenced, self._run_query

    def query(self, sql: str, *parameters: Any) -> simpy.Event:
        """SELECT from the table `items`; the event's value is an Answer, whose `rows` are the result.

        It takes as long as the read of a row, and `Database.per_row` for each row that the plan reads.
        SIMPLIFIED: these are counted when the query is sent; the primary answers.

        Raises
        ------
        BadInput
            It is no SELECT on `items`, or SQLite refuses it.

        References
        ----------
        docs/howto/cache_queries.md: what a query may be, and when its result is stale.
        """
        tier = self._tier
        query = Query.of(sql, *parameters)
        more = tier.per_row * tier.answer_queries().cost(query)
        if tier.open >= tier.limit:
            return self._refused()
        tier.open += 1
        tier.queries += 1
        return self._send_read(self._journey, self._was_queried, query, more)

    def write(self, key: str, value: Value) -> simpy.Event:
        """Write the row and commit; the row has the key's next version when the event fires."""
        if type(value) is not Value:
            check_value("app.db.write", value)
        tier = self._tier
        if tier.open >= tier.limit:
            return self._refused()
        tier.open += 1
        tier.queries += 1
        return self._send_write(self._journey, self._was_written, (key, value))

    def write_fenced(self, key: str, value: Value, token: int) -> simpy.Event:
        """Write the row, unless a write of the key with a higher token was committed (FenceRejected)."""
        return self._ask(self._was_fenced, (key, value, token))

    def version_of(self, value: Value) -> int | None:
        """Look up the version that the write of this value gave its row; takes no time.

        None while the write is not committed.
        """
        return self._tier.versions.get(value.write)

    def write_all(self, rows: Rows) -> simpy.Event:
        """Write several rows, given as (key, values), in one transaction.

        The values of a row come oldest first. Only the last is written; each counts as a version.
        """
        return self._ask(self._all_were_written, rows)

    def _ask(self, effect: Effect, argument: Any) -> simpy.Event:
        """Send one of the rarer commands; the hot ones have this written out."""
        tier = self._tier
        if tier.open >= tier.limit:
            return self._refused()
        tier.open += 1
        tier.queries += 1
        return self._send_write(self._journey, effect, argument)

    def _run_query(self, visit: Visit) -> None:
        self._tier.open -= 1
        self._journey.row = visit._value = self._tier.answer_queries().answer(visit._value)

    def _run_write(self, visit: Visit) -> None:
        self._tier.open -= 1
        self._tier.commit(*visit._value)
        visit._value = True

    def _run_write_all(self, visit: Visit) -> None:
        self._tier.open -= 1
        self._tier.commit_all(visit._value)
        visit._value = True

    def _run_write_fenced(self, visit: Visit) -> None:
        self._tier.open -= 1
        try:
            self._tier.commit_fenced(*visit._value)
            visit._value = True
        except FenceRejected as failure:
            visit.fail_with(failure)


class SplitClient:
    """The client library of a database with replicas: it reads where the caller wants, and writes at the primary.

    Each user takes the replicas in turn, as a driver with a list of hosts does.
    """

    def __init__(
        self,
        primary: DatabaseClient,
        replicas: Sequence[QueryClient],
        next_replica: Callable[[], int],
    ) -> None:
        self._primary, self._replicas = primary, replicas
        self._next_replica = next_replica

    def __getattr__(self, name: str) -> Any:
        """Do the rest at the primary."""
        return getattr(self._primary, name)

    def read(self, key: str, replica: bool = False) -> simpy.Event:
        """SELECT the row, at a replica if that is wanted: as the replica has it, which may be an older version."""
        client = self._replicas[self._next_replica()] if replica else self._primary
        return client.read(key)
