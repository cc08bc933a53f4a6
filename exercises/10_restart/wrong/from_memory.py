# score: 80
# Serves what the application remembers, and never forgets what was overwritten.
import cachesim as cs


class Steady(cs.Strategy):
    ttl: float = 30.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = app.shared.get(key)
            if value is None:
                value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
        app.shared[key] = value
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
