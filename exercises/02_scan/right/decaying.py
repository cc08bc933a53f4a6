# LFU whose counts are halved after every 300 events, as Redis lets them fall with time.
import cachesim as cs


class ScanProof(cs.EvictionPolicy):
    def __init__(self):
        self.count, self.events = {}, 0

    def tick(self):
        self.events += 1
        if self.events % 300 == 0:
            self.count = {key: n // 2 for key, n in self.count.items()}

    def on_add(self, entry):
        self.count[entry.key] = 0
        self.tick()

    def on_use(self, entry):
        self.count[entry.key] += 1
        self.tick()

    def on_remove(self, entry):
        self.count.pop(entry.key)

    def victim(self):
        return min(self.count, key=self.count.get)
