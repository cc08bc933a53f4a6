"""The slips that students make with eviction policies: what is written, and what they are told."""

POLICY = """import cachesim as cs

class Mine(cs.EvictionPolicy):
    def __init__(self):
        self.keys = {}
    def on_add(self, entry):
        self.keys[entry.key] = entry
    def on_use(self, entry):
        pass
    def on_remove(self, entry):
        del self.keys[entry.key]
    def victim(self):
        return next(iter(self.keys))
"""


def victim(line):
    """Return a policy with another victim."""
    return POLICY.replace("        return next(iter(self.keys))", f"        {line}")


HELD = "which the cache does not hold; return a key that on_add named and on_remove has not"

POLICIES = {
    "an Entry": (
        victim("return self.keys.popitem()[1]"),
        "Mine.victim() returned an Entry; return its key",
    ),
    "None": (victim("return None"), f"Mine.victim() returned None, {HELD}"),
    "a number": (victim("return 7"), f"Mine.victim() returned 7, {HELD}"),
    "a list": (victim("return list(self.keys)"), f"Mine.victim() returned ['a', 'b'], {HELD}"),
    "another key": (victim("return 'nobody'"), f"Mine.victim() returned 'nobody', {HELD}"),
    "a generator": (victim("yield 'a'"), f"Mine.victim() returned a generator, {HELD}"),
    "it removes the key": (
        victim("return self.keys.popitem()[0]"),
        "Mine.victim() removed the key itself, so on_remove could not find it: "
        "victim() only returns the key, and on_remove is called when it leaves",
    ),
    "victim(self, entry)": (
        POLICY.replace("victim(self)", "victim(self, entry)"),
        'Mine.victim must be written "def victim(self)", not "def victim(self, entry)"',
    ),
    "on_use(self)": (
        POLICY.replace("on_use(self, entry)", "on_use(self)"),
        'Mine.on_use must be written "def on_use(self, entry)", not "def on_use(self)"',
    ),
    "no victim": (POLICY[: POLICY.index("    def victim")], "Mine must define victim(self)"),
    "another base": (
        POLICY.replace("(cs.EvictionPolicy)", ""),
        'Mine must be a subclass of cs.EvictionPolicy: write "class Mine(cs.EvictionPolicy):"',
    ),
    "__init__ with arguments": (
        POLICY.replace("__init__(self)", "__init__(self, size)"),
        "Mine cannot be made: its __init__ asks for more than it is given; "
        "leave __init__ out, or give its arguments defaults",
    ),
}
