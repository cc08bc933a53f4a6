# score: 95
# Counts the loads in the class, where the next run finds what a stopped run has left.
import cachesim as cs


class Steady(cs.Strategy):
    ttl: float = 30.0
    loads = {}

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            if key not in self.loads:
                self.loads[key] = app.spawn(self.load(app, key))
            value = yield self.loads[key]
        return value

    def load(self, app, key):
        while app.shared.get("loads", 0) >= 12:
            yield app.timeout(0.01)
        app.shared["loads"] = app.shared.get("loads", 0) + 1
        try:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
        finally:
            app.shared["loads"] -= 1
            del self.loads[key]
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
