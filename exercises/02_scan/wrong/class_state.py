# score: 90
# Right for one cache: the counts are kept in the class, and two caches mix them up.
import cachesim as cs


class ScanProof(cs.EvictionPolicy):
    uses = {}

    def on_add(self, entry):
        self.uses[entry.key] = 0

    def on_use(self, entry):
        self.uses[entry.key] = self.uses.get(entry.key, 0) + 1

    def on_remove(self, entry):
        self.uses.pop(entry.key, None)

    def victim(self):
        return min(self.uses, key=self.uses.get)
