# score: 50
# Acknowledges a write before it is committed.
import cachesim as cs


class Lazy(cs.Strategy):
    ttl: float = 10.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
        return value

    def write(self, app, key, value):
        app.spawn(self.commit(app, key, value))
        yield app.timeout(0)

    def commit(self, app, key, value):
        yield app.db.write(key, value)
