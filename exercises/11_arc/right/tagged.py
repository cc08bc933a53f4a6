# One dict: key -> (queue, number of its last move); the oldest of a queue has the smallest number.
import cachesim as cs


class ARC(cs.EvictionPolicy):
    def __init__(self):
        self.place, self.moves, self.target, self.ghost = {}, 0, 0, None

    def move(self, key, queue):
        self.moves += 1
        self.place[key] = (queue, self.moves)

    def count(self, *queues):
        return sum(queue in queues for queue, _ in self.place.values())

    def oldest(self, wanted):
        found = [(number, key) for key, (queue, number) in self.place.items() if queue == wanted]
        return min(found)[1] if found else None

    def before_add(self, entry):
        self.ghost = self.place.get(entry.key, (None,))[0]
        b1, b2 = self.count("B1"), self.count("B2")
        if self.ghost == "B1":
            self.target = min(self.items, self.target + max(1, b2 / b1))
        elif self.ghost == "B2":
            self.target = max(0, self.target - max(1, b1 / b2))
        elif b1 and self.count("T1", "B1") >= self.items:
            del self.place[self.oldest("B1")]
        elif b2 and len(self.place) >= 2 * self.items:
            del self.place[self.oldest("B2")]
        return True

    def on_add(self, entry):
        self.move(entry.key, "T2" if self.ghost else "T1")
        self.ghost = None

    def on_use(self, entry):
        self.move(entry.key, "T2")

    def on_evict(self, entry):
        if self.place[entry.key][0] == "T2":
            self.move(entry.key, "B2")
        elif self.count("T1") < self.items or self.ghost:
            self.move(entry.key, "B1")

    def on_remove(self, entry):
        if self.place[entry.key][0] in ("T1", "T2"):
            del self.place[entry.key]

    def victim(self):
        t1 = self.count("T1")
        takes_once = t1 > self.target or (t1 == self.target and self.ghost == "B2")
        return (
            self.oldest("T1") if (t1 and takes_once) or not self.count("T2") else self.oldest("T2")
        )
