# score: 55
# Waits until one of the two replicas has the write.
import cachesim as cs


class Fresh(cs.Strategy):
    lag: float = 0.06

    def read(self, app, key):
        value = yield app.cache.get(key, replica=True)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value)
        yield app.cache.wait(1, 1.0)
