# score: 0
# victim() removes the key itself, and on_remove fails at the first eviction.
import cachesim as cs


class ScanProof(cs.EvictionPolicy):
    def __init__(self):
        self.uses = {}

    def on_add(self, entry):
        self.uses[entry.key] = 0

    def on_use(self, entry):
        self.uses[entry.key] += 1

    def on_remove(self, entry):
        del self.uses[entry.key]

    def victim(self):
        key = min(self.uses, key=self.uses.get)
        del self.uses[key]
        return key
