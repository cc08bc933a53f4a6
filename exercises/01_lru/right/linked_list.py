# A doubly linked list with a sentinel, and a dict from keys to nodes: the textbook's answer.
import cachesim as cs


class Node:
    def __init__(self, key=None):
        self.key, self.before, self.after = key, self, self

    def leave(self):
        self.before.after, self.after.before = self.after, self.before

    def join(self, end):
        self.before, self.after = end.before, end
        end.before.after = end.before = self


class LRU(cs.EvictionPolicy):
    def __init__(self):
        self.end, self.nodes = Node(), {}

    def on_add(self, entry):
        self.nodes[entry.key] = Node(entry.key)
        self.nodes[entry.key].join(self.end)

    def on_use(self, entry):
        node = self.nodes[entry.key]
        node.leave()
        node.join(self.end)

    def on_remove(self, entry):
        self.nodes.pop(entry.key).leave()

    def victim(self):
        return self.end.after.key
