# score: 50
# Plain LRU: as good as LRU, and as helpless against a scan.
import cachesim as cs


class ScanProof(cs.EvictionPolicy):
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
