"""The client libraries where calls may fail: the same app.cache and app.db, but each command is a Call."""

from collections.abc import Callable
from typing import Any

from cachesim.errors import SimulatedFailure
from cachesim.model.cache_client import CacheClient
from cachesim.model.database_client import DatabaseClient, QueryClient
from cachesim.model.events import Effect, Visit
from cachesim.model.journey import Journey
from cachesim.model.misuse import check_value
from cachesim.model.unreliable.call import Call, Channel
from cachesim.model.unreliable.tiers import (
    UnreliableCache,
    UnreliableDatabase,
    UnreliableQueries,
)
from cachesim.records import Query
from cachesim.rng import Draw

UNREACHABLE = "unreachable"  # the kind of miss of a get that failed, where a failed get is a miss


class ResilientCacheClient(CacheClient):
    """The client library of a cache that may fail."""

    def __init__(
        self, tier: UnreliableCache, journey: Journey, channel: Channel, *, raises: bool
    ) -> None:
        super().__init__(tier, journey, raises=raises)
        self._send = caller_of(channel, tier.service, self)

    def give_up(self, call: Call, failure: SimulatedFailure) -> None:
        """Go on as if the key were absent, or fail, as the scenario says."""
        journey = self._journey
        if call.command == self._got and journey.lookup is None and not self._raises:
            journey.lookup = UNREACHABLE
        self._refuse(call, failure)


class ResilientQueryClient(QueryClient):
    """The client library of what answers SELECTs and may fail; each attempt takes a place in the pool."""

    def __init__(self, tier: UnreliableQueries, journey: Journey, channel: Channel) -> None:
        super().__init__(tier, journey)
        self._send_read = caller_of(channel, tier.read_service, self)

    def read(self, key: str, replica: bool = False) -> Visit:
        """SELECT the row."""
        return self._send_read(self._journey, self._was_read, key)

    def give_up(self, call: Call, failure: SimulatedFailure) -> None:
        """Fail: there is no other way to the rows."""
        call.fail_with(failure)


class ResilientDatabaseClient(ResilientQueryClient, DatabaseClient):
    """The client library of a database that may fail."""

    def __init__(self, tier: UnreliableDatabase, journey: Journey, channel: Channel) -> None:
        super().__init__(tier, journey, channel)
        self._send_write = caller_of(channel, tier.write_service, self)

    def write(self, key: str, value: Any) -> Visit:
        """Write the row and commit."""
        check_value("app.db.write", value)
        return self._send_write(self._journey, self._was_written, (key, value))

    def query(self, sql: str, *parameters: Any) -> Visit:
        """SELECT from the table `items`."""
        query, log = Query.of(sql, *parameters), self._tier.answer_queries()
        more = self._tier.per_row * log.cost(query)
        return self._send_read(self._journey, self._was_queried, query, more)

    def _ask(self, effect: Effect, argument: Any) -> Visit:
        """Send another command."""
        return self._send_write(self._journey, effect, argument)


def caller_of(channel: Channel, service: Draw, client: Any) -> Callable[..., Call]:
    """Make the function that sends a command as a Call: here it stands for that of `sender_to`."""

    def send(journey: Journey, effect: Effect, argument: Any, more: float = 0.0) -> Call:
        call = Call(channel, effect, argument, service, more, client, journey)
        journey.note(call)
        return call.begin()

    return send
