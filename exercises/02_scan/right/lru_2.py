# LRU-2: keys with one use go first, the oldest of them; then the key whose last use but one is oldest.
import cachesim as cs


class ScanProof(cs.EvictionPolicy):
    def __init__(self):
        self.now, self.uses = 0, {}  # key -> the times of its last two uses

    def on_add(self, entry):
        self.now += 1
        self.uses[entry.key] = (0, self.now)

    def on_use(self, entry):
        self.now += 1
        self.uses[entry.key] = (self.uses[entry.key][1], self.now)

    def on_remove(self, entry):
        del self.uses[entry.key]

    def victim(self):
        return min(self.uses, key=lambda key: self.uses[key])
