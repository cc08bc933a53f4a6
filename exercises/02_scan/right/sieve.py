# SIEVE: new keys join at the head; the hand goes from the tail to the head and takes marks away.
import cachesim as cs


class ScanProof(cs.EvictionPolicy):
    def __init__(self):
        self.queue, self.marked, self.hand = [], set(), 0  # the oldest key first

    def on_add(self, entry):
        self.queue.append(entry.key)

    def on_use(self, entry):
        self.marked.add(entry.key)

    def on_remove(self, entry):
        place = self.queue.index(entry.key)
        del self.queue[place]
        self.hand -= place < self.hand
        self.marked.discard(entry.key)

    def victim(self):
        while True:
            self.hand %= len(self.queue)
            key = self.queue[self.hand]
            if key not in self.marked:
                return key
            self.marked.remove(key)
            self.hand += 1
