"""All errors of cachesim, in one tree.

CachesimError
├── BadInput (also ValueError)   a spec, an option or a file breaks a rule; the message says which, and what to do
├── Slip                         code of a student's broke a contract; slips.py has the sentences
│   ├── StrategyError            a strategy did (a forgotten `yield`, a wrong return value)
│   └── PolicyError              an eviction policy did (a victim that is not in the cache)
├── ServerFailed                 a real server (cachesim.live) died, hung or broke its protocol; the run is lost
├── WorkerLost                   a process died in the middle of a run, and took the run with it
└── SimulatedFailure             a failure inside the simulated world, thrown into the waiting generator
    ├── CacheError               the cache answered with an error
    │   ├── OutOfMemory          ... because nothing could be evicted
    │   └── CommandError         ... because the command was wrong
    │       ├── Redirected       ... because another node has the key: MOVED, READONLY
    │       └── Forbidden        ... because the application's user may not run it: NOPERM
    ├── DatabaseRefused          the database's connection limit was reached; the request never began
    │   └── Throttled            ... or the units of capacity of a table
    ├── FenceRejected            the database has seen a higher fencing token: the lock had gone to another
    ├── LockRefused              no lock was to be had in time; the write never began
    └── Unreachable              the tier gave no answer at all
        ├── TimedOut             the client waited no longer; the command may still take effect  (indefinite)
        │   └── ConnectTimedOut  ... and never had a connection, so that it cannot
        ├── ConnectionLost       the connection ended while the command was under way            (indefinite)
        ├── ConnectionRefused    nobody listens at that address
        ├── AuthenticationFailed the server did not accept the client's password
        ├── TlsMismatch          one side speaks TLS, and the other does not
        └── BreakerOpen          the client's own circuit breaker let nothing through
"""


class CachesimError(Exception):
    """The root of the tree: catch this to catch everything cachesim raises on purpose."""


class BadInput(CachesimError, ValueError):
    """A value breaks a rule: the message names the thing, the value, the rule and the next step."""


class Slip(CachesimError):
    """Code of a student's broke a contract.

    `fixed` is the message without anything that the code has given or could choose; empty if nothing is left.
    """

    def __init__(self, message: str, fixed: str = "") -> None:
        super().__init__(message)
        self.fixed = fixed


class StrategyError(Slip):
    """A strategy broke its contract."""


class PolicyError(Slip):
    """An eviction policy broke its contract."""


class ServerFailed(CachesimError):
    """A real server that a run depended on died, hung or broke its protocol."""


class WorkerLost(CachesimError):
    """A worker process, or every worker of a cluster that tried it, died in the middle of a run."""


class SimulatedFailure(CachesimError):
    """Something failed inside the simulation; `definite` says that the command certainly had no effect.

    After an indefinite failure nobody but the server knows: the command may have taken effect, or may still.

    References
    ----------
    Kingsbury, Jepsen and Maelstrom: definite and indefinite errors.
    """

    definite = True


class CacheError(SimulatedFailure):
    """The cache answered with an error."""

    is_counted = False  # in errorstats already, by the command of a script that failed


class OutOfMemory(CacheError):
    """The memory limit is reached and the policy may evict nothing."""


class CommandError(CacheError):
    """The command itself was refused, with the server's own text."""


class Redirected(CommandError):
    """Another node must be asked: MOVED in a Redis Cluster, READONLY at a replica, LOADING during a full copy."""


class Forbidden(CommandError):
    """The application's user may not run this command, use this key or this channel: NOPERM."""


class DatabaseRefused(SimulatedFailure):
    """All connections are in use and the line of waiting requests is full."""


class Throttled(DatabaseRefused):
    """A table of DynamoDB had no units of capacity for the request, also when it was repeated."""


class Unreachable(SimulatedFailure):
    """A tier gave no answer."""


class TimedOut(Unreachable):
    """The client waited no longer; what it asked for may still happen."""

    definite = False


class ConnectTimedOut(TimedOut):
    """No connection came about in time, so nothing was asked."""

    definite = True


class ConnectionLost(Unreachable):
    """The connection ended while the command was under way."""

    definite = False


class ConnectionRefused(Unreachable):
    """The machine answers, and nobody listens at that port."""


class AuthenticationFailed(Unreachable):
    """The server did not accept the client's password."""


class TlsMismatch(Unreachable):
    """The server speaks TLS and the client does not, or the other way round."""


class BreakerOpen(Unreachable):
    """The client's own circuit breaker let the command not through."""


class FenceRejected(SimulatedFailure):
    """A write came with a lower fencing token than one that was committed: its lock had expired."""


class LockRefused(SimulatedFailure):
    """A distributed lock stayed with others for as long as the writer would wait."""


def may_have_happened(name: str) -> bool:
    """Return whether a request that failed with the error of this name may have taken effect all the same.

    Records name errors; a name from elsewhere could mean anything.

    >>> may_have_happened("DatabaseRefused"), may_have_happened("an error from elsewhere")
    (False, True)
    """
    return not getattr(globals().get(name), "definite", False)
