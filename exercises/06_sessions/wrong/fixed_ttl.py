# score: 50
# The life is not renewed by reads.
import cachesim as cs


class Sessions(cs.Strategy):
    idle: float = 10.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.idle)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value, self.idle)
