"""What the hidden tests of exercise 20 use; it never leaves the teacher."""

RESERVED = range(20, 31)  # percent


def check_policy(lab):
    """Look at what happens when the node is full."""
    policy, found = parameter(lab, "maxmemory-policy"), world(lab)
    assert policy.startswith("allkeys-"), f"the policy is {policy}"
    if found.reaches(found.groups["application"], lab.params["port"]):
        refused = result(lab).metrics["cache_errors"]
        assert refused == 0, f"{refused:.0f} writes were refused for want of memory"


def check_memory(lab):
    """Look at the part of the memory that is reserved."""
    reserved = int(parameter(lab, "reserved-memory-percent"))
    assert reserved in RESERVED, f"{reserved} % of the memory is reserved; right: about 25 %"


def check_closed(lab):
    """Look at who else may come in, and where."""
    found, port = world(lab), lab.params["port"]
    for name in ("cache", "queue"):
        assert not found.reaches(found.groups[name], port), f"hosts of the group {name} get in"
    assert not found.reaches("sg-0123456789abcdef0", port), "hosts of the default group get in"
    assert not found.reaches(found.groups["application"], 22), "port 22 is open, too"


def check_queue(lab):
    """Compare what belongs to the other team."""
    found = world(lab)
    is_open = found.reaches(found.groups["application"], lab.params["port"])
    is_changed = is_open or parameter(lab, "maxmemory-policy") != "noeviction"
    assert is_changed, "nothing was repaired"
    assert found.rest() == found.before, "the cluster jobs, its parameters or its group changed"
