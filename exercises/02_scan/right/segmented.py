# Segmented LRU: a key that is used a second time moves from trial to the protected part, which has a limit.
from collections import OrderedDict

import cachesim as cs


class ScanProof(cs.EvictionPolicy):
    def __init__(self):
        self.trial, self.protected = OrderedDict(), OrderedDict()

    def on_add(self, entry):
        self.trial[entry.key] = True

    def on_use(self, entry):
        self.trial.pop(entry.key, None)
        self.protected[entry.key] = True
        self.protected.move_to_end(entry.key)
        if len(self.protected) > 4 * (len(self.trial) + len(self.protected)) // 5:
            key, _ = self.protected.popitem(last=False)
            self.trial[key] = True

    def on_remove(self, entry):
        self.trial.pop(entry.key, None)
        self.protected.pop(entry.key, None)

    def victim(self):
        return next(iter(self.trial or self.protected))
