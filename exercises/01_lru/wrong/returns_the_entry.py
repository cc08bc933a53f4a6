# score: 0
# Keeps entries, and returns one; victim() must return a key.
import cachesim as cs


class LRU(cs.EvictionPolicy):
    def __init__(self):
        self.order = []

    def on_add(self, entry):
        self.order.append(entry)

    def on_use(self, entry):
        self.order.remove(entry)
        self.order.append(entry)

    def on_remove(self, entry):
        self.order.remove(entry)

    def victim(self):
        return self.order[0]
