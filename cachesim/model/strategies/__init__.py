"""How an application uses its cache: one class per pattern, each with two short generators.

A new strategy is a class in the file of its family and a line here. Scenario files and the command line
use its name in kebab case.
"""

from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.behind import WriteBehind
from cachesim.model.strategies.dax import Dax
from cachesim.model.strategies.lazy import (
    DoubleDelete,
    InvalidateFirst,
    LazyLoading,
    NoCache,
    WriteAround,
)
from cachesim.model.strategies.lock import Locked
from cachesim.model.strategies.near import NearCache
from cachesim.model.strategies.queries import QueryCache
from cachesim.model.strategies.refresh import RefreshAhead, StaleWhileRevalidate, XFetch
from cachesim.model.strategies.session import SessionStore
from cachesim.model.strategies.through import ReadThrough, WriteThrough
from cachesim.model.strategies.versions import Leases, VersionCheck
from cachesim.model.strategies.wrap import Jitter, NegativeCaching, ReadReplicas, SingleFlight

__all__ = [
    "Dax",
    "DoubleDelete",
    "InvalidateFirst",
    "Jitter",
    "LazyLoading",
    "Leases",
    "Locked",
    "NearCache",
    "NegativeCaching",
    "NoCache",
    "QueryCache",
    "ReadReplicas",
    "ReadThrough",
    "RefreshAhead",
    "SessionStore",
    "SingleFlight",
    "StaleWhileRevalidate",
    "Strategy",
    "VersionCheck",
    "WriteAround",
    "WriteBehind",
    "WriteThrough",
    "XFetch",
]
