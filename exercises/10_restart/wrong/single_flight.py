# score: 55
# Each key is loaded once at a time, but there are more keys than connections.
import cachesim as cs


class Steady(cs.Strategy):
    ttl: float = 30.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            if key not in app.shared:
                app.shared[key] = app.spawn(self.load(app, key))
            value = yield app.shared[key]
        return value

    def load(self, app, key):
        try:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
        finally:
            del app.shared[key]
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
