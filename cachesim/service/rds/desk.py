"""The desk of RDS, put together, and the tags of its resources."""

from typing import Any

from cachesim.service.faults import bad_value
from cachesim.service.rds.restores import DbRestores
from cachesim.service.register import Register
from cachesim.service.tags import check_number, shown, tags_of


class Rds(DbRestores):
    """The desk of RDS."""

    def AddTagsToResource(self, request: dict[str, Any]) -> None:
        """Give a resource tags, or other values of tags."""
        tags = self.tagged(request["ResourceName"])[0]
        tags.update(check_number({**tags, **tags_of(request)}))

    def RemoveTagsFromResource(self, request: dict[str, Any]) -> None:
        """Take tags from a resource."""
        tags = self.tagged(request["ResourceName"])[0]
        for key in request["TagKeys"]:
            tags.pop(key, None)

    def ListTagsForResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the tags of a resource."""
        return {"TagList": shown(self.tagged(request["ResourceName"])[0])}

    def tagged(self, arn: str) -> list[dict[str, str]]:
        """Return the tags of a resource. Raises ServiceFault."""
        kind, _, name = arn.removeprefix(self.arn("")).partition(":")
        registers: dict[str, Register[Any]] = {"db": self.instances, "snapshot": self.snapshots}
        if kind not in registers:
            raise bad_value(f"The ARN {arn} names no instance and no snapshot of RDS.")
        return [registers[kind].find(name).tags]
