# Each use gets the next number; the victim is the key with the smallest one. Slow for large caches, and right.
import itertools

import cachesim as cs


class LRU(cs.EvictionPolicy):
    def __init__(self):
        self.clock = itertools.count()
        self.last_use = {}

    def on_add(self, entry):
        self.last_use[entry.key] = next(self.clock)

    on_use = on_add

    def on_remove(self, entry):
        del self.last_use[entry.key]

    def victim(self):
        return min(self.last_use, key=self.last_use.get)
