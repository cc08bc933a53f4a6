# Two dicts: one of the keys held, one of the ghosts; a mark says "used again". Each dict keeps the oldest move first.
import cachesim as cs


class ARC(cs.EvictionPolicy):
    def __init__(self):
        self.held, self.ghosts = {}, {}  # key -> whether it was used again
        self.target, self.came_back = 0, None

    def count(self, keys, again):
        return sum(mark is again for mark in keys.values())

    def oldest(self, keys, again):
        return next(key for key, mark in keys.items() if mark is again)

    def before_add(self, entry):
        self.came_back = self.ghosts.get(entry.key)
        once, again = (self.count(self.ghosts, mark) for mark in (False, True))
        if self.came_back is False:
            self.target = min(self.items, self.target + max(1, again / once))
        elif self.came_back is True:
            self.target = max(0, self.target - max(1, once / again))
        elif once and self.count(self.held, False) + once >= self.items:
            del self.ghosts[self.oldest(self.ghosts, False)]
        elif again and len(self.held) + len(self.ghosts) >= 2 * self.items:
            del self.ghosts[self.oldest(self.ghosts, True)]
        return True

    def on_add(self, entry):
        self.ghosts.pop(entry.key, None)
        self.held[entry.key] = self.came_back is not None
        self.came_back = None

    def on_use(self, entry):
        del self.held[entry.key]
        self.held[entry.key] = True

    def on_evict(self, entry):
        once = self.count(self.held, False)
        if self.held[entry.key] or once < self.items or self.came_back is not None:
            self.ghosts[entry.key] = self.held[entry.key]

    def on_remove(self, entry):
        del self.held[entry.key]

    def victim(self):
        once = self.count(self.held, False)
        takes_once = once > self.target or (once == self.target and self.came_back is True)
        is_again = once == 0 or (not takes_once and once < len(self.held))
        return self.oldest(self.held, is_again)
