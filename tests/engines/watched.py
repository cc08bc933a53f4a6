"""A policy that also notes what it is told, and refuses nonsense."""


def watched(policy):
    """Return a maker of the policy that also notes what it is told, and refuses nonsense."""

    class Watched(policy):
        def __init__(self):
            super().__init__()
            self.told, self.asked = {}, []

        def on_add(self, entry):
            assert entry.key not in self.told, "added twice"
            self.told[entry.key] = entry
            super().on_add(entry)

        def on_use(self, entry):
            assert self.told.get(entry.key) is entry, "used without being added"
            super().on_use(entry)

        def on_remove(self, entry):
            assert self.told.pop(entry.key, None) is entry, "removed without being added"
            super().on_remove(entry)

        def victim(self):
            assert self.told, "asked for a victim while nothing is held"
            return super().victim()

    return Watched
