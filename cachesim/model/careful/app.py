"""A client's view when calls may fail: the same app.cache and app.db, whose calls are operations."""

from collections.abc import Callable
from typing import Any

from cachesim.errors import SimulatedFailure
from cachesim.model.app import CacheClient, DatabaseClient
from cachesim.model.careful.operation import Line, Operation
from cachesim.model.events import Effect, Visit, Visits
from cachesim.model.slips import check_value
from cachesim.rng import Draw

UNREACHABLE = "unreachable"  # the kind of miss of a get that failed, where a failed get is a miss


class CarefulCache(CacheClient):
    """The client library of the cache; whatever it sends goes down the line."""

    def __init__(self, line: Line, plain: CacheClient) -> None:
        self.__dict__.update(plain.__dict__)
        self._got, self._was_set = self._run_get, self._run_set
        self._was_deleted, self._executed = self._run_delete, self._run_execute
        self._send = sender(line, self._node.service, self)

    def give_up(self, operation: Operation, failure: SimulatedFailure) -> None:
        """Go on as if the key were absent, or fail, as the scenario says."""
        if operation.command == self._got and self.lookup is None and not self._raises:
            self.lookup = UNREACHABLE
        self._refuse(operation, failure)

    def run_late(self, effect: Effect, event: Visit) -> None:
        """Run a command whose client no longer waits, and may have another request by now."""
        lookup = self.lookup
        effect(event)
        self.lookup = lookup


class CarefulDatabase(DatabaseClient):
    """The client's side of the connection pool; each attempt asks for a connection of its own."""

    def __init__(self, line: Line, plain: DatabaseClient) -> None:
        self.__dict__.update(plain.__dict__)
        self._was_read, self._was_written = self._run_read, self._run_write
        self._send_read = sender(line, self._tier.read_service, self)
        self._send_write = sender(line, self._tier.write_service, self)

    def read(self, key: str) -> Visit:
        """SELECT the row."""
        return self._send_read(self._visits, self._was_read, key)

    def write(self, key: str, value: Any) -> Visit:
        """Write the row and commit."""
        check_value("app.db.write", value)
        return self._send_write(self._visits, self._was_written, (key, value))

    def _ask(self, effect: Effect, argument: Any) -> Visit:
        """Send another command."""
        return self._send_write(self._visits, effect, argument)

    def give_up(self, operation: Operation, failure: SimulatedFailure) -> None:
        """Fail: there is nowhere else to go."""
        operation.fail_with(failure)

    def run_late(self, effect: Effect, event: Visit) -> None:
        """Run a query whose client no longer waits."""
        effect(event)


def sender(line: Line, service: Draw, client: Any) -> Callable[..., Operation]:
    """Return what sends a command down a line: the careful twin of `station.line_to`."""

    def send(visits: Visits, effect: Effect, argument: Any, more: float = 0.0) -> Operation:
        operation = Operation(line, effect, argument, service, more, client)
        visits.note(operation)
        return operation.begin()

    return send
