# Answers first, and fills the cache beside the request.
import cachesim as cs


class Lazy(cs.Strategy):
    ttl: float = 10.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            app.spawn(self.fill(app, key, value))
        return value

    def fill(self, app, key, value):
        yield app.cache.set(key, value, self.ttl)

    def write(self, app, key, value):
        yield app.db.write(key, value)
