# score: 35
# Forgets that a use moves a key: first in, first out.
import cachesim as cs


class LRU(cs.EvictionPolicy):
    def __init__(self):
        self.keys = {}

    def on_add(self, entry):
        self.keys[entry.key] = None

    def on_remove(self, entry):
        del self.keys[entry.key]

    def victim(self):
        return next(iter(self.keys))
