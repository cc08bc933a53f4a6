"""What the hidden tests of exercise 23 use; it never leaves the teacher."""

from cachesim.service.grants import SNAPSHOTS, SNAPSHOTS_ID

SHARES = (0.5, 1.2, 2.3, 3.5)  # of the memory of a cache.t3.micro
CHEAPEST = ("cache.t3.micro", "cache.t3.small", "cache.t3.small", "cache.t3.medium")
NEEDED = {"s3:getobject", "s3:listbucket", "s3:getbucketacl"}
LISTED = {"READ", "READ_ACP"}


def listed(value):
    """Return a list, also of one."""
    return value if isinstance(value, list) else [value]


def too_much(grants):
    """List the rights that a bucket gives, and should not."""
    found = []
    for each in grants.statements:
        if each["Effect"] != "Allow":
            continue
        who = each["Principal"]
        names = set(listed(who.get("Service", [])) if isinstance(who, dict) else listed(who))
        others = isinstance(who, dict) and set(who) != {"Service"}
        if names != {SNAPSHOTS} or others:
            found.append(f"principal {who}")
        actions = {action.lower() for action in listed(each["Action"])}
        found += sorted(actions - NEEDED)
        prefix = f"arn:aws:s3:::{grants.bucket}"
        found += [place for place in listed(each["Resource"]) if not place.startswith(prefix)]
    for rights in grants.lists.values():
        found += [right for who, right in rights if who != SNAPSHOTS_ID or right not in LISTED]
    return found


def nights(cloud):
    """Return the dates of the automatic snapshots."""
    desk = cloud.desk("elasticache")
    return [each.taken for each in desk.snapshots if each.kind == "automated"]
