# score: 75
# Bounds the loads, but loads the same key again and again: the line grows.
import cachesim as cs


class Steady(cs.Strategy):
    ttl: float = 30.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            while app.shared.get("loads", 0) >= 12:
                yield app.timeout(0.05)
            app.shared["loads"] = app.shared.get("loads", 0) + 1
            value = yield app.db.read(key)
            app.shared["loads"] -= 1
            yield app.cache.set(key, value, self.ttl)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
