"""What the hidden tests of exercise 14 use; it never leaves the teacher."""


def commands(result, node, service):
    """Return how many commands a node executed, each of which takes `service` seconds."""
    busy = result.nodes[result.nodes["node"] == node]["cache_busy"]
    return round(busy.iloc[-1] / service)
