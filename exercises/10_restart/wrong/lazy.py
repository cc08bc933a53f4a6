# score: 55
# Lazy loading: the database refuses what it has no connection for.
import cachesim as cs


class Steady(cs.Strategy):
    ttl: float = 30.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
