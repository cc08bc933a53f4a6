"""What a strategy sees of the system: app.cache, app.db, app.now, app.timeout, app.spawn.

Everything that takes time returns an event: `yield` it, and its value is the answer. Each client has
one App and uses it for one request after the other.
"""

from collections.abc import Callable
from typing import Any, Protocol

import simpy

from cachesim.errors import SimulatedFailure
from cachesim.model.cache_client import CacheClient
from cachesim.model.database_client import DatabaseClient, SplitClient
from cachesim.model.events import Drive, Environment, Steps, Timeout, Visit, Waitable
from cachesim.model.journey import Journey
from cachesim.model.misuse import check_seconds, check_steps
from cachesim.rng import Draw

Skew = Callable[[int], float]  # number of a client -> seconds by which its clock is wrong now


class AppHost(Protocol):
    """What an App needs of the system to which it belongs; `System` is one."""

    env: Environment
    random: Draw
    shared: dict[Any, Any]

    @property
    def skew(self) -> Skew | None: ...  # noqa: D102

    def cache_client(self, app: "App") -> CacheClient:
        """Make the `app.cache` of a view."""

    def database_client(self, app: "App") -> DatabaseClient | SplitClient:
        """Make the `app.db` of a view."""


class App:
    """What a strategy gets with every request."""

    def __init__(self, system: AppHost, client: int) -> None:
        self._env = system.env
        self._skew = system.skew  # None: all clocks are right
        self.random = system.random  # app.random(): a float in [0, 1), from the run's own stream
        # The memory of the application's process. All its clients share it; a run begins with it empty.
        self.shared = system.shared
        self.journey = Journey(client)  # of the request that is being served
        self.spawned = False  # whether work that began here may still be under way
        self.cache = system.cache_client(self)
        self.db = system.database_client(self)

    @property
    def client(self) -> int:
        """The number of the client (the user) that is served."""
        return self.journey.client

    @property
    def now(self) -> float:
        """The simulated time in seconds, as this client's clock shows it."""
        return float(self._env.now) + (self._skew(self.client) if self._skew else 0.0)

    def belong_to(self, client: int) -> None:
        """Become the view of another client: users who share clients come and go."""
        self.journey.client = client

    def timeout(self, seconds: float) -> simpy.Event:
        """Wait: the event fires after `seconds` (>= 0)."""
        check_seconds(seconds)
        return Timeout(self._env, seconds)

    def spawn(self, steps: Steps) -> simpy.Event:
        """Start another generator beside this request, which does not wait for it.

        The event fires with the generator's return value, for a strategy that wants to wait after all.
        A simulated failure is thrown into the strategies that wait; if none waits, it is lost.
        """
        check_steps(steps)
        self.spawned = True
        done = Waitable(self._env)
        Drive(_to_end(steps, done))
        return done

    def keep_for(self, visit: Visit) -> None:
        """Keep this view for a visit that nobody waits for any more, if it is still under way."""
        self.spawned = not visit.fired


class BackgroundApp(App):
    """The view of work beside the requests; its time stops when the last request has its record."""

    def __init__(self, system: AppHost, client: int, over: Callable[[], bool]) -> None:
        super().__init__(system, client)
        self._over = over
        self._ending = False

    def timeout(self, seconds: float) -> simpy.Event:
        """Wait: the event fires after `seconds`; when the run is over, once more and then never."""
        self.journey.end()  # nobody checks the visits of this work
        if self._ending:
            return Waitable(self._env)
        self._ending = self._over()
        return super().timeout(seconds)


def _to_end(steps: Steps, done: Waitable) -> Steps:
    try:
        done.succeed((yield from steps))
    except SimulatedFailure as failure:
        done.fail_quietly(failure)
