"""The operations on tags. Any resource that stands in a register has them."""

from typing import Any

from cachesim.service.elasticache.failover import Failovers
from cachesim.service.faults import refuse_if
from cachesim.service.register import Register
from cachesim.service.tags import check_number, shown, tags_of


class Tagging(Failovers):
    """Tags of resources that are available."""

    def AddTagsToResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give a resource tags, or other values of tags; a group's members get them, too."""
        given, places = tags_of(request), self.tagged(request["ResourceName"])
        check_number(places[0] | given)
        for tags in places:
            tags.update(given)
        return {"TagList": shown(places[0])}

    def RemoveTagsFromResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take tags from a resource, all of them or none."""
        places = self.tagged(request["ResourceName"])
        for key in request["TagKeys"]:
            refuse_if(key not in places[0], "no tag", key)
        for tags in places:
            for key in request["TagKeys"]:
                tags.pop(key, None)
        return {"TagList": shown(places[0])}

    def ListTagsForResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the tags of a resource."""
        return {"TagList": shown(self.tagged(request["ResourceName"])[0])}

    def tagged(self, arn: str) -> list[dict[str, str]]:
        """Return the tags of a resource, which must be available, and those of its members."""
        word, _, name = arn.removeprefix(self.arn("")).lower().partition(":")
        registers = {r.kind.arn: r for r in vars(self).values() if isinstance(r, Register)}
        refuse_if(word not in registers, "no such arn", arn)
        register = registers[word]
        is_ready = name in register and register.find(name).status in ("available", "active")
        refuse_if(word == "cluster" and not is_ready, "tags of cluster", name)
        refuse_if(register is self.groups and name in register and not is_ready, "tags of group")
        members = getattr(register.ready(name), "members", [])
        return [register.tags[name], *(self.clusters.tags[each.id] for each in members)]
