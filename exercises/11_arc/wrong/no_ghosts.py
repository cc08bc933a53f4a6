# score: 40
# Two queues and no memory: the target stays where it was.
from collections import OrderedDict

import cachesim as cs


class ARC(cs.EvictionPolicy):
    def __init__(self):
        self.t1, self.t2 = OrderedDict(), OrderedDict()

    def on_add(self, entry):
        self.t1[entry.key] = None

    def on_use(self, entry):
        self.t1.pop(entry.key, None)
        self.t2[entry.key] = None
        self.t2.move_to_end(entry.key)

    def on_remove(self, entry):
        self.t1.pop(entry.key, None)
        self.t2.pop(entry.key, None)

    def victim(self):
        return next(iter(self.t1 or self.t2))
