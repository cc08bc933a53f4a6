# score: 60
# CLOCK: one mark does not last through a scan that is as long as the cache.
from collections import OrderedDict

import cachesim as cs


class ScanProof(cs.EvictionPolicy):
    def __init__(self):
        self.ring = OrderedDict()

    def on_add(self, entry):
        self.ring[entry.key] = False

    def on_use(self, entry):
        self.ring[entry.key] = True

    def on_remove(self, entry):
        del self.ring[entry.key]

    def victim(self):
        while True:
            key, used = next(iter(self.ring.items()))
            if not used:
                return key
            self.ring[key] = False
            self.ring.move_to_end(key)
