"""What a command costs on the server of a cache."""

from cachesim.model.distributions import Distribution, Exponential
from cachesim.spec import Delay, Rate, Spec
from cachesim.units import MS

FORK = 0.01  # seconds per GiB on a virtual machine (redis.io, "Diagnosing latency issues")
TLS_SERVICE = 1.5  # times the service without TLS: an assumption (36 to 61 % less throughput)


class Node(Spec):
    """How fast a cache node works: the time one worker needs for a command.

    A command takes a draw of `service`; plus `per_byte` for each byte of a value that goes in or comes
    out (of a hash: its fields and values); plus `per_key` for each key after the first that it looks at
    (KEYS looks at all). Measure your own server and put its figures here.

    >>> round(Node().service.mean * 1e6)
    10
    """

    service: Distribution = Exponential(mean=0.01 * MS)  # 10 µs per command, on one worker
    per_byte: Delay = 1e-9  # seconds
    per_key: Delay = 4e-8  # seconds
    fork: Delay = FORK  # seconds per GiB of memory for which it stands still to begin a snapshot
    disk: Rate = 100e6  # bytes of a snapshot that are written per second

    def with_tls(self) -> "Node":
        """Return a node that also encrypts: each command needs its worker for 1.5 times as long.

        An estimate for one thread without TLS offload: published measurements lose 36 to 61 % of the
        throughput (KeyDB, Redis Labs). The handshake of a new connection takes two more round trips, one
        with TLS 1.3. SIMPLIFIED: connections are there when a run begins, so no handshake is charged.

        >>> round(Node().with_tls().service.mean * 1e6)
        15
        """
        return self.replace(service=self.service.times(TLS_SERVICE))
