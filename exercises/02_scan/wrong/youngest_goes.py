# score: 25
# Nothing that came first ever leaves: a scan changes nothing, and neither does anything else.
import cachesim as cs


class ScanProof(cs.EvictionPolicy):
    def __init__(self):
        self.keys = {}

    def on_add(self, entry):
        self.keys[entry.key] = None

    def on_remove(self, entry):
        del self.keys[entry.key]

    def victim(self):
        return list(self.keys)[-1]
