# score: 90
# Keeps the keys in a global variable: two caches in one program mix them up.
import cachesim as cs

order = []


class LRU(cs.EvictionPolicy):
    def on_add(self, entry):
        order.append(entry.key)

    def on_use(self, entry):
        order.remove(entry.key)
        order.append(entry.key)

    def on_remove(self, entry):
        order.remove(entry.key)

    def victim(self):
        return order[0]
