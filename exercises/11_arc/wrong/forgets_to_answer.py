# score: 0
# before_add returns nothing.
from collections import OrderedDict

import cachesim as cs


class ARC(cs.EvictionPolicy):
    def __init__(self):
        self.t1, self.t2 = OrderedDict(), OrderedDict()  # used once, used again: the oldest first
        self.b1, self.b2 = OrderedDict(), OrderedDict()  # ghosts of each
        self.target = 0  # how long t1 should be
        self.ghost = None  # where the key that comes in was a ghost

    def before_add(self, entry):
        key = entry.key
        self.ghost = self.b1 if key in self.b1 else self.b2 if key in self.b2 else None
        if self.ghost is self.b1:
            step = max(1, len(self.b2) / len(self.b1))
            self.target = min(self.items, self.target + step)
        elif self.ghost is self.b2:
            step = max(1, len(self.b1) / len(self.b2))
            self.target = max(0, self.target - step)
        elif len(self.t1) + len(self.b1) >= self.items and self.b1:
            self.b1.popitem(last=False)
        elif sum(map(len, (self.t1, self.t2, self.b1, self.b2))) >= 2 * self.items and self.b2:
            self.b2.popitem(last=False)

    def on_add(self, entry):
        if self.ghost is None:
            self.t1[entry.key] = None
        else:
            del self.ghost[entry.key]
            self.t2[entry.key] = None
        self.ghost = None

    def on_use(self, entry):
        self.t1.pop(entry.key, None)
        self.t2[entry.key] = None
        self.t2.move_to_end(entry.key)

    def on_evict(self, entry):
        if entry.key in self.t2:
            self.b2[entry.key] = None
        elif len(self.t1) < self.items or self.ghost is not None:
            self.b1[entry.key] = None

    def on_remove(self, entry):
        self.t1.pop(entry.key, None)
        self.t2.pop(entry.key, None)

    def victim(self):
        is_long = len(self.t1) > self.target
        is_even = len(self.t1) == self.target and self.ghost is self.b2
        return next(iter(self.t1 if self.t1 and (is_long or is_even or not self.t2) else self.t2))
