# score: 30
# Reads through to the database, but leaves nothing in the cache.
import cachesim as cs


class Lazy(cs.Strategy):
    ttl: float = 10.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
