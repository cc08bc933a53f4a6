# Four lists; the target is worked out before the room is made.
import cachesim as cs


class ARC(cs.EvictionPolicy):
    def __init__(self):
        self.queues = {"T1": [], "T2": [], "B1": [], "B2": []}  # the oldest key first
        self.target = 0
        self.came_from = ""

    def where(self, key, *names):
        return next((name for name in names if key in self.queues[name]), "")

    def before_add(self, entry):
        t1, t2, b1, b2 = self.queues.values()
        self.came_from = self.where(entry.key, "B1", "B2")
        if self.came_from == "B1":
            self.target = min(self.items, self.target + max(1, len(b2) / len(b1)))
        if self.came_from == "B2":
            self.target = max(0, self.target - max(1, len(b1) / len(b2)))
        if not self.came_from:
            if b1 and len(t1) + len(b1) >= self.items:
                b1.pop(0)
            elif b2 and len(t1) + len(t2) + len(b1) + len(b2) >= 2 * self.items:
                b2.pop(0)
        return True

    def on_add(self, entry):
        if self.came_from:
            self.queues[self.came_from].remove(entry.key)
        self.queues["T2" if self.came_from else "T1"].append(entry.key)
        self.came_from = ""

    def on_use(self, entry):
        self.queues[self.where(entry.key, "T1", "T2")].remove(entry.key)
        self.queues["T2"].append(entry.key)

    def on_evict(self, entry):
        name = self.where(entry.key, "T1", "T2")
        if name == "T2" or len(self.queues["T1"]) < self.items or self.came_from:
            self.queues["B1" if name == "T1" else "B2"].append(entry.key)

    def on_remove(self, entry):
        self.queues[self.where(entry.key, "T1", "T2")].remove(entry.key)

    def victim(self):
        t1, t2 = self.queues["T1"], self.queues["T2"]
        limit = self.target - (self.came_from == "B2")
        return t1[0] if t1 and (len(t1) > limit or not t2) else t2[0]
