"""DB instances and DB snapshots: what they are, and what they show. data/rds_shown.json has what never changes."""

import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from cachesim.service.rds.journal import Journal
from cachesim.service.rds.settings import WINDOWS, db_prices
from cachesim.service.tables import in_shape
from cachesim.service.tags import shown as shown_tags

BOTH = ["Engine", "AllocatedStorage", "MasterUsername"]  # settings that both show as they are
SHOWN = [
    *(*BOTH, *WINDOWS, "DBInstanceClass", "MultiAZ", "BackupRetentionPeriod", "DBName"),
    "DeletionProtection",
]


@cache
def always(kind: str) -> dict[str, Any]:
    """Return the members that every instance, snapshot, MySQL or PostgreSQL shows.

    >>> always("mysql")["EngineVersion"]
    '8.0.35'
    """
    text = files("cachesim.service").joinpath("data/rds_shown.json").read_text()
    found: dict[str, Any] = json.loads(text)[kind]
    return found


class Outage(NamedTuple):
    """When clients get no answer."""

    begin: float  # seconds of the calendar
    lasts: float
    frozen: bool = False  # the database stands still; otherwise it is away and connections end


@dataclass
class DbInstance:
    """A DB instance, with its standby if it has one."""

    id: str
    settings: dict[str, Any]
    arn: str
    resource_id: str
    created: datetime
    zones: list[str]  # of the primary, and where its standby is or would be
    journal: Journal
    tags: dict[str, str]
    source: str = ""  # id of the instance whose read replica it is
    replicas: list[str] = field(default_factory=list)  # ids
    status: str = "creating"
    pending: dict[str, Any] = field(default_factory=dict)  # what waits for the window
    outages: list[Outage] = field(default_factory=list)
    failed_over: float = -math.inf  # second of its last failover
    latest: datetime | None = None  # to which it can be restored

    @property
    def copies(self) -> int:
        """Of its rows: two with a standby."""
        return 2 if self.settings["MultiAZ"] else 1

    @property
    def price(self) -> float:
        """US dollars of an hour."""
        return self.copies * float(
            db_prices()[self.settings["DBInstanceClass"]][self.settings["Engine"]]
        )

    def shown(self) -> dict[str, Any]:
        """Return the instance in AWS's shape."""
        settings, is_there = self.settings, self.status != "creating"
        address = f"{self.id}.abc123.us-east-1.rds.amazonaws.com"  # a failover keeps it
        more = {
            "InstanceCreateTime": self.created if is_there else None,
            "Endpoint": {"Address": address, "Port": settings["Port"]} if is_there else None,
            "AvailabilityZone": self.zones[0],
            "SecondaryAvailabilityZone": self.zones[1] if self.copies == 2 else None,
            "ReadReplicaSourceDBInstanceIdentifier": self.source or None,
            "TagList": shown_tags(self.tags),
            "VpcSecurityGroups": [
                {"VpcSecurityGroupId": group, "Status": "active"}
                for group in settings["VpcSecurityGroupIds"]
            ],
        }
        own = {name: settings[name] for name in SHOWN if name in settings}
        fixed = {**always("instance"), **always(settings["Engine"])}
        return in_shape("db instance", self, **fixed, **own, **more)


@dataclass
class DbSnapshot:
    """A DB snapshot."""

    id: str
    arn: str
    of: DbInstance
    settings: dict[str, Any]  # of the instance at that moment
    taken: datetime
    journal: Journal
    kind: str  # manual or automated
    begin: float  # seconds of the calendar
    tags: dict[str, str]
    end: float = math.inf  # inf: it is still there
    status: str = "creating"

    def shown(self) -> dict[str, Any]:
        """Return the snapshot in AWS's shape."""
        settings, is_there = self.settings, self.status != "creating"
        taken = self.taken if is_there else None
        more = {
            "SnapshotCreateTime": taken,
            "OriginalSnapshotCreateTime": taken,
            "AvailabilityZone": self.of.zones[0],
            "EngineVersion": always(settings["Engine"])["EngineVersion"],
            "PercentProgress": 100 * is_there,
            "TagList": shown_tags(self.tags),
        }
        own = {name: settings[name] for name in (*BOTH, "Port")}
        return in_shape("db snapshot", self, **always("snapshot"), **own, **more)
