"""What the hidden tests of exercise 8 use, the broken caches among them; it never leaves the teacher."""

import cachesim as cs


class LRU(cs.EvictionPolicy):
    """The right one, for the broken ones to differ from."""

    def __init__(self):
        self.keys = {}

    def on_add(self, entry):
        """Join the end."""
        self.keys[entry.key] = None

    def on_use(self, entry):
        """Move to the end."""
        self.keys[entry.key] = self.keys.pop(entry.key)

    def on_remove(self, entry):
        """Leave."""
        self.keys.pop(entry.key, None)

    def victim(self):
        """Return the first."""
        return next(iter(self.keys))


class Youngest(LRU):
    """Takes the wrong end."""

    def victim(self):
        """Return the last."""
        return list(self.keys)[-1]


class NeverForgets(LRU):
    """Forgets victims only."""

    def on_remove(self, entry):
        """Stay."""

    def victim(self):
        """Return the first, and forget it."""
        key = next(iter(self.keys))
        del self.keys[key]
        return key
