"""Serverless caches: one virtual node each, with limits in place of a node type, and always with TLS."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cachesim.service.elasticache.checks import identifier, only
from cachesim.service.elasticache.updates import Updates
from cachesim.service.elasticache.versions import version_of
from cachesim.service.faults import refuse_if
from cachesim.service.pages import next_page
from cachesim.service.register import Register

GB = 2**30  # bytes
MOST = 5000  # GB that one can hold (service quotas)
PAGE = 50  # caches
CREATED = ["ServerlessCacheName", "Engine", "Description", "CacheUsageLimits"]
CHANGED = ["ServerlessCacheName", "Description", "CacheUsageLimits"]


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
        found = {
            "ServerlessCacheName": self.id,
            "Description": self.description,
            "CreateTime": self.created,
            "Status": self.status,
            "Engine": self.engine,
            "MajorEngineVersion": version_of(self.engine).full.partition(".")[0],
            "FullEngineVersion": version_of(self.engine).full,
            "CacheUsageLimits": {"DataStorage": {"Maximum": self.most, "Unit": "GB"}},
            "ARN": self.arn,
        }
        if self.status == "creating":
            return found
        address = f"{self.id}-abc123.serverless.use1.cache.amazonaws.com"
        ends = {"Endpoint": 6379, "ReaderEndpoint": 6380}
        return found | {name: {"Address": address, "Port": port} for name, port in ends.items()}


class Serverless(Updates):
    """The operations on serverless caches."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.serverless: Register[ServerlessCache] = Register("serverless")

    def CreateServerlessCache(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to make a serverless cache."""
        only(request, CREATED)
        refuse_if(
            request["Engine"] not in ("redis", "valkey"), "serverless engine", request["Engine"]
        )
        name = identifier(request["ServerlessCacheName"], "ServerlessCacheName")
        made = ServerlessCache(
            name, request["Engine"], request.get("Description", ""), storage(request, MOST),
            self.account.calendar.date, self.account.arn("elasticache", f"serverlesscache:{name}"),
        )  # fmt: skip
        self.serverless.add(made)
        self._settle(made)
        return {"ServerlessCache": made.shown()}

    def _settle(self, cache: ServerlessCache) -> None:
        lasts = self.account.timings.draw("serverless cache")
        self.account.calendar.at(lasts, lambda: setattr(cache, "status", "available"))

    def DescribeServerlessCaches(self, request: dict[str, Any]) -> dict[str, Any]:
        """List serverless caches, in pages."""
        only(request, ["ServerlessCacheName", "MaxResults", "NextToken"])
        ((name, found),) = self.serverless.described(request).items()
        return next_page(found, request, name, request.get("MaxResults", PAGE))

    def ModifyServerlessCache(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what it is called, or how much it may hold."""
        only(request, CHANGED)
        found = self.serverless.ready(request["ServerlessCacheName"])
        found.most = storage(request, found.most)
        found.description = request.get("Description", found.description)
        found.status = "modifying"
        self._settle(found)
        return {"ServerlessCache": found.shown()}

    def DeleteServerlessCache(self, request: dict[str, Any]) -> dict[str, Any]:
        """Begin to remove one with its data."""
        only(request, ["ServerlessCacheName"])
        found = self.serverless.ready(request["ServerlessCacheName"])
        found.status = "deleting"
        lasts = self.account.timings.draw("serverless cache")
        self.account.calendar.at(lasts, lambda: self.serverless.remove(found))
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
