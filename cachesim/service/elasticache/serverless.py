"""Serverless caches: one virtual node each, with limits in place of a node type, and always with TLS."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cachesim.service.checks import identifier
from cachesim.service.elasticache.parameter_table import version_of
from cachesim.service.elasticache.updates import Updates
from cachesim.service.faults import only, refuse_if
from cachesim.service.pages import next_page
from cachesim.service.register import Register
from cachesim.service.tables import in_shape

GB = 2**30  # bytes
PAGE = 50  # caches
MOST = 5000  # GB that one can hold (service quotas)
ENDS = {"Endpoint": 6379, "ReaderEndpoint": 6380}


@dataclass
class ServerlessCache:
    """A serverless cache."""

    id: str
    engine: str
    description: str
    most: int  # GB
    created: datetime
    arn: str
    status: str = "creating"

    @property
    def memory(self) -> int:
        """The bytes that it can hold."""
        return self.most * GB

    def shown(self) -> dict[str, Any]:
        """Return it in AWS's shape; it has no endpoints while it is created."""
        version = version_of(self.engine).full
        address = f"{self.id}-abc123.serverless.use1.cache.amazonaws.com"
        ends = {name: {"Address": address, "Port": port} for name, port in ENDS.items()}
        return in_shape(
            "serverless",
            self,
            MajorEngineVersion=version.partition(".")[0],
            FullEngineVersion=version,
            CacheUsageLimits={"DataStorage": {"Maximum": self.most, "Unit": "GB"}},
            **({} if self.status == "creating" else ends),
        )


class Serverless(Updates):
    """The operations on serverless caches. data/operations.csv has the one that lists them."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.serverless: Register[ServerlessCache] = Register("serverless")

    def CreateServerlessCache(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a serverless cache."""
        name, engine = request["ServerlessCacheName"], request["Engine"]
        refuse_if(engine not in ("redis", "valkey"), "serverless engine", engine)
        name = identifier(name, "ServerlessCacheName")
        about, most = request.get("Description", ""), storage(request, MOST)
        arn = self.arn(f"serverlesscache:{name}")
        made = ServerlessCache(name, engine, about, most, self.date, arn)
        self.serverless.add(made)
        self.later("serverless cache", setattr, made, "status", "available")
        return {"ServerlessCache": made.shown()}

    def DescribeServerlessCaches(self, request: dict[str, Any]) -> dict[str, Any]:
        """List serverless caches, in pages."""
        ((name, found),) = self.serverless.described(request).items()
        return next_page(found, request, name, request.get("MaxResults", PAGE))

    def ModifyServerlessCache(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what it is called, or how much it may hold."""
        found = self.serverless.ready(request["ServerlessCacheName"])
        found.most = storage(request, found.most)
        found.description = request.get("Description", found.description)
        found.status = "modifying"
        self.later("serverless cache", setattr, found, "status", "available")
        return {"ServerlessCache": found.shown()}

    def DeleteServerlessCache(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove one with its data."""
        found = self.serverless.ready(request["ServerlessCacheName"])
        found.status = "deleting"
        self.later("serverless cache", self.serverless.remove, found)
        return {"ServerlessCache": found.shown()}


def storage(request: dict[str, Any], usual: int) -> int:
    """Return the GB that a request allows.

    >>> storage({"CacheUsageLimits": {"DataStorage": {"Maximum": 10, "Unit": "GB"}}}, 5000)
    10
    """
    limits = request.get("CacheUsageLimits", {})
    only(limits, ["DataStorage"])
    only(limits.get("DataStorage", {}), ["Maximum", "Unit"])
    found: int = limits.get("DataStorage", {}).get("Maximum", usual)
    refuse_if(not 1 <= found <= MOST, "storage", MOST, found)
    return found
