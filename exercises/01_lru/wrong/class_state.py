# score: 90
# Keeps the keys in the class, which all policies share.
import cachesim as cs


class LRU(cs.EvictionPolicy):
    keys = {}

    def on_add(self, entry):
        self.keys[entry.key] = None

    def on_use(self, entry):
        self.keys[entry.key] = self.keys.pop(entry.key, None)

    def on_remove(self, entry):
        self.keys.pop(entry.key, None)

    def victim(self):
        return next(iter(self.keys))
