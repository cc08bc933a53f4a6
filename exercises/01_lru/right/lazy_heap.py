# A heap of (time, key); entries that a later use has outdated are dropped when they reach the top.
import heapq

import cachesim as cs


class LRU(cs.EvictionPolicy):
    def __init__(self):
        self.heap, self.last, self.now = [], {}, 0

    def on_add(self, entry):
        self.now += 1
        self.last[entry.key] = self.now
        heapq.heappush(self.heap, (self.now, entry.key))

    def on_use(self, entry):
        self.on_add(entry)

    def on_remove(self, entry):
        self.last.pop(entry.key)

    def victim(self):
        while self.last.get(self.heap[0][1]) != self.heap[0][0]:
            heapq.heappop(self.heap)
        return self.heap[0][1]
