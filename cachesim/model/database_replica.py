"""A read replica of the database: it answers SELECTs of rows as they have arrived."""

from collections.abc import Callable

from cachesim.model.database import Database, DatabaseTier, QueryTier
from cachesim.model.events import Environment
from cachesim.model.network import Network
from cachesim.records import Value


class ReplicaTier(QueryTier):
    """A live replica: a connection pool of its own in front of the primary's commit log.

    SIMPLIFIED: applying the commits takes none of its connections, and its caches are as warm as the primary's.
    """

    def __init__(
        self,
        env: Environment,
        database: Database,
        network: Network,
        seed: int,
        name: str,
        read: Callable[[str, float], Value | None],
    ) -> None:
        super().__init__(env, database, network, seed, name)
        self._read = read

    @property
    def select(self) -> Callable[[str], Value | None]:
        """The row of the newest commit that has arrived."""
        return lambda key: self._read(key, self.env._now)

    def counters(self, now: float) -> tuple[float, ...]:
        """Nothing: the columns of a sample are those of the primary."""
        return ()

    def close(self) -> None:
        """Do nothing: the rows are the primary's."""


class Turns:
    """Round robin for each user; users begin with different replicas.

    >>> turns = Turns(replicas=2)
    >>> [turns.of(user) for user in (0, 0, 1, 0, 1)]
    [0, 1, 1, 0, 0]
    """

    def __init__(self, replicas: int) -> None:
        self._replicas = replicas
        self._next: dict[int, int] = {}  # user -> turn

    def of(self, user: int) -> int:
        """Give the number of the replica that the user reads next."""
        turn = self._next.get(user, user)
        self._next[user] = turn + 1
        return turn % self._replicas


def replica_name(primary: DatabaseTier, number: int) -> str:
    """Give the name of a replica in `System.tiers`."""
    return f"{primary.name}-replica-{number}"
