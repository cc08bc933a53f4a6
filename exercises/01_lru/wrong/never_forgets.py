# score: 55
# on_remove only takes away the victim: a deleted key is named later.
import cachesim as cs


class LRU(cs.EvictionPolicy):
    def __init__(self):
        self.keys = {}

    def on_add(self, entry):
        self.keys[entry.key] = None

    def on_use(self, entry):
        self.keys[entry.key] = self.keys.pop(entry.key)

    def victim(self):
        key = next(iter(self.keys))
        del self.keys[key]
        return key
