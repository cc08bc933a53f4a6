"""Several real redis-servers on one simulated clock: time, turns and faults.

One server works at a time, in the order of the list. Time stops every 100 ms, where the timers of
Redis are due (serverCron and clusterCron), and at each arrival on a link. At each stop the servers
take turns until nobody has anything to do. So the same seed and the same calls give the same
answers, however busy the machine is.
"""

import os
import socket
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from cachesim.engines.base import START
from cachesim.errors import BadInput, ServerFailed
from cachesim.live.clock import SECOND, nanoseconds
from cachesim.live.node import PORT, RedisNode
from cachesim.live.relay import Lag, Relay, name_of
from cachesim.live.server import pin, unpin

STEP = SECOND // 10  # nanoseconds: hz 10
CALM = 2  # rounds in a row without anything to do: then nothing is under way
MOST_ROUNDS = 100_000  # at one instant
FIRST = 2  # number of the first node; 1 is the simulation's own address


class LiveFleet:
    """Real redis-servers that share one simulated clock.

    Parameters
    ----------
    settings : list of mappings
        For each server its settings of redis.conf, by name.
    seed : int
        Each server gets a seed of its own from it.
    lead : float
        Seconds before time 0 at which the servers start; time 0 is that of the embedded engines.
    """

    def __init__(
        self, settings: Iterable[Mapping[str, object]], *, seed: int = 1, lead: float = 0.0
    ) -> None:
        self._now = START * SECOND - int(lead * 10) * STEP
        self._next_step = self._now + STEP
        self.nodes: list[RedisNode] = []
        self.relays: list[Relay] = []
        self._settings = list(settings)
        self._seed = seed
        with ExitStack() as held:
            self._unpin_at(held)
            lock, self.address = network_of_its_own()  # the address is that of the simulation
            held.enter_context(closing(lock))
            self._network = self.address.rpartition(".")[0]
            self._homes = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="cachesim-")))
            held.callback(self._end)
            for index in range(len(self._settings)):
                self.nodes.append(self._start(index))
            self._held = held.pop_all()
        self.settle()

    def _unpin_at(self, held: ExitStack) -> None:
        if pin():
            held.callback(unpin)

    def _start(self, index: int) -> RedisNode:
        home = self._homes / str(index)
        home.mkdir(exist_ok=True)
        seed = self._seed * 1000 + index
        settings = self._settings[index]
        return RedisNode(
            FIRST + index,
            self._network,
            settings,
            home,
            start=self._now,
            seed=seed,
            after=self._move_links,
        )

    def _end(self) -> None:
        for node in self.nodes:
            node.close()
        for relay in self.relays:
            relay.close()

    def close(self) -> None:
        """End every server and remove what belongs to it."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    # --- time

    @property
    def now(self) -> float:
        """The time, in seconds of the simulation."""
        return (self._now - START * SECOND) / SECOND

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._go_to(self._now + int(seconds * 1e6 + 0.5) * 1000)

    def move_to(self, when: float) -> None:
        """Let time pass until `when`, in seconds of the simulation, 0 or later."""
        self._go_to(nanoseconds(when))

    def _go_to(self, when: int) -> None:
        while (stop := min(self._next_step, *(relay.due for relay in self.relays), when)) < when:
            self._stop_at(int(stop))
        self._stop_at(when)

    def _stop_at(self, when: int) -> None:
        """Set the time of every server. If something is due then, let them work until all is done."""
        self._now = max(self._now, when)  # a link that has healed delivers what was due earlier
        for node in self.nodes:
            node.store(self._now)
        is_step = self._now >= self._next_step
        if is_step:
            self._next_step += STEP
        if is_step or any(relay.due <= self._now for relay in self.relays):
            self.settle()

    def settle(self) -> None:
        """Let the servers take turns, without any time passing, until nobody has anything to do."""
        calm = 0
        for _ in range(MOST_ROUNDS):
            calm = 0 if self.round() else calm + 1
            if calm == CALM:
                return
        raise ServerFailed(f"the servers found no rest at {self.now:g} s; the run is lost")

    def round(self) -> bool:
        """Give every link and every server one turn. True if there was something to do."""
        busy = self._move_links()
        for node in self.nodes:
            if node.works:
                busy |= node.turn()
        return busy

    def _move_links(self) -> bool:
        return any([relay.step(self._now) for relay in self.relays])

    def link(self, primary: RedisNode, lag: Lag, back: Lag) -> Relay:
        """Make a link to a primary. A replica that connects to it is a replica of the primary."""
        relay = Relay(self.address, (primary.address, PORT), lag, back)
        self.relays.append(relay)
        return relay

    # --- faults

    def restart(self, node: RedisNode) -> RedisNode:
        """Start a crashed server again, empty, at its address. Return the new one."""
        if node.lives:
            raise BadInput(f"node {node.number} runs; crash it before you restart it")
        index = self.nodes.index(node)
        self.nodes[index] = self._start(index)
        self.settle()
        return self.nodes[index]

    def partition(self, *groups: Iterable[RedisNode]) -> None:
        """Cut the network between groups of servers, until `heal`. Packets are lost, not refused."""
        numbers = [{node.number for node in group} for group in groups]
        everybody = set().union(*numbers)
        for node in self.nodes:
            mine = [group for group in numbers if node.number in group]
            node.block(everybody - mine[0] if mine else set())

    def heal(self) -> None:
        """Let every server reach every other again."""
        self.partition()


def network_of_its_own() -> tuple[socket.socket, str]:
    """Reserve a network 127.x.y for a fleet: the socket holds its first address until it is closed."""
    for number in count(os.getpid()):
        address = f"127.{number // 250 % 250 + 1}.{number % 250 + 1}.1"
        taken = socket.socket(socket.AF_UNIX)
        try:
            taken.bind(name_of(address, PORT))
            return taken, address
        except OSError:
            taken.close()
    raise AssertionError("never reached")
