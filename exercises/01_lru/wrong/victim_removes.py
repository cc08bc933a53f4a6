# score: 0
# victim() removes the key itself, and on_remove fails at the first eviction.
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
        del self.order[entry.key]

    def victim(self):
        return self.order.popitem(last=False)[0]
