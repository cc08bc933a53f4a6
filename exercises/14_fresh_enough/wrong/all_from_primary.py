# score: 15
# All reads from the primary.
import cachesim as cs


class Fresh(cs.Strategy):
    lag: float = 0.06

    def read(self, app, key):
        value = yield app.cache.get(key, replica=False)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value)
