# score: 20
# Plain LRU: it knows nothing of keys used once.
import cachesim as cs


class ARC(cs.EvictionPolicy):
    def __init__(self):
        self.keys = {}

    def on_add(self, entry):
        self.keys[entry.key] = None

    def on_use(self, entry):
        self.keys[entry.key] = self.keys.pop(entry.key)

    def on_remove(self, entry):
        del self.keys[entry.key]

    def victim(self):
        return next(iter(self.keys))
