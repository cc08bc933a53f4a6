"""The operations on tags. Any resource that stands in a register has them."""

from typing import Any

from cachesim.service.elasticache.failover import Failovers
from cachesim.service.faults import ServiceFault
from cachesim.service.register import Register
from cachesim.service.tags import check_number, shown, tags_of

ABSENT = "{} is either not present or not available."
BUSY = "Cluster not in available state to perform tagging operations."


class Tagging(Failovers):
    """Tags of resources that are available."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        account.tags_of = self.tags_of

    def tags_of(self, arn: str) -> dict[str, str]:
        """Return the tags of a resource, for IAM's conditions; none if it is not there."""
        try:
            register, name = self._found(arn)
        except ServiceFault:
            return {}
        return register.tags[name]

    def AddTagsToResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give a resource tags, or other values of tags; a group's members get them, too."""
        given = tags_of(request)
        places = self._places(request["ResourceName"])
        check_number({**places[0], **given})
        for tags in places:
            tags.update(given)
        return {"TagList": shown(places[0])}

    def RemoveTagsFromResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take tags from a resource, all of them or none."""
        places = self._places(request["ResourceName"])
        for key in request["TagKeys"]:
            if key not in places[0]:
                raise ServiceFault("TagNotFoundFault", f"The resource has no tag {key}.")
        for tags in places:
            for key in request["TagKeys"]:
                tags.pop(key, None)
        return {"TagList": shown(places[0])}

    def ListTagsForResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the tags of a resource."""
        return {"TagList": shown(self._places(request["ResourceName"])[0])}

    def _places(self, arn: str) -> list[dict[str, str]]:
        """Return the tags of a resource, and those of its members."""
        register, name = self._found(arn)
        members = self.groups.find(name).members if register is self.groups else []
        return [register.tags[name], *(self.clusters.tags[member.id] for member in members)]

    def _found(self, arn: str) -> tuple[Register[Any], str]:
        """Return the register of a resource, and its name there; it must be available."""
        kind, _, name = arn.removeprefix(self.account.arn("elasticache", "")).partition(":")
        registers = {
            each.kind.arn: each for each in vars(self).values() if isinstance(each, Register)
        }
        if kind not in registers:
            raise ServiceFault(
                "InvalidARNFault", f"The ARN {arn} names no resource of ElastiCache."
            )
        register, name = registers[kind], name.lower()
        is_ready = name in register and register.held[name].status in ("available", "active")
        if kind == "cluster" and not is_ready:
            raise ServiceFault(register.kind.missing, ABSENT.format(name))
        found = register.find(name)
        if not is_ready:
            busy = BUSY if kind == "replicationgroup" else register.kind.busy_text
            raise ServiceFault(register.kind.busy, busy.format(id=found.id, status=found.status))
        return register, name
