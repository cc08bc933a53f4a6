# collections.OrderedDict: move_to_end on each use, the first key is the victim.
from collections import OrderedDict

import cachesim as cs


class LRU(cs.EvictionPolicy):
    def __init__(self):
        self.order = OrderedDict()

    def on_add(self, entry):
        self.order[entry.key] = True

    def on_use(self, entry):
        self.order.move_to_end(entry.key)

    def on_remove(self, entry):
        self.order.pop(entry.key, None)

    def victim(self):
        return next(iter(self.order))
