# score: 45
# Believes that a TTL is given in milliseconds.
import cachesim as cs


class Lazy(cs.Strategy):
    ttl: float = 10.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, 1000 * self.ttl)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
