"""The desk of RDS, put together, and the tags of its resources."""

from typing import Any

from cachesim.service.faults import ServiceFault, bad_value
from cachesim.service.rds.restores import DbRestores
from cachesim.service.register import Register
from cachesim.service.tags import check_number, shown, tags_of


class Rds(DbRestores):
    """The desk of RDS."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        others = account.tags_of
        account.tags_of = lambda arn: self._known(arn) if ":rds:" in arn else others(arn)

    def AddTagsToResource(self, request: dict[str, Any]) -> None:
        """Give a resource tags, or other values of tags."""
        tags = self._tags(request["ResourceName"])
        tags.update(check_number({**tags, **tags_of(request)}))

    def RemoveTagsFromResource(self, request: dict[str, Any]) -> None:
        """Take tags from a resource."""
        tags = self._tags(request["ResourceName"])
        for key in request["TagKeys"]:
            tags.pop(key, None)

    def ListTagsForResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the tags of a resource."""
        return {"TagList": shown(self._tags(request["ResourceName"]))}

    def _known(self, arn: str) -> dict[str, str]:
        """Return the tags of a resource, for IAM's conditions; none if it is not there."""
        try:
            return self._tags(arn)
        except ServiceFault:
            return {}

    def _tags(self, arn: str) -> dict[str, str]:
        kind, _, name = arn.removeprefix(self.arn("")).partition(":")
        registers: dict[str, Register[Any]] = {"db": self.instances, "snapshot": self.snapshots}
        if kind not in registers:
            raise bad_value(f"The ARN {arn} names no instance and no snapshot of RDS.")
        tags: dict[str, str] = registers[kind].find(name).tags
        return tags
