# score: 0
# Takes the wrong end of the queue.
import cachesim as cs


class LRU(cs.EvictionPolicy):
    def __init__(self):
        self.keys = {}

    def on_add(self, entry):
        self.keys[entry.key] = None

    def on_use(self, entry):
        self.keys[entry.key] = self.keys.pop(entry.key)

    def on_remove(self, entry):
        del self.keys[entry.key]

    def victim(self):
        return list(self.keys)[-1]
