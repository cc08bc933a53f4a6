# score: 0
# The write goes to the cache alone.
import cachesim as cs


class Fresh(cs.Strategy):
    lag: float = 0.06

    def read(self, app, key):
        value = yield app.cache.get(key, replica=True)
        return value

    def write(self, app, key, value):
        yield app.cache.set(key, value)
