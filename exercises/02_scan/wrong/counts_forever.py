# score: 0
# Forgets to forget: names keys that left long ago.
import cachesim as cs


class ScanProof(cs.EvictionPolicy):
    def __init__(self):
        self.uses = {}

    def on_add(self, entry):
        self.uses[entry.key] = 0

    def on_use(self, entry):
        self.uses[entry.key] += 1

    def victim(self):
        return min(self.uses, key=self.uses.get)
