# score: 15
# A client that has written a key once reads it from the primary for ever.
import cachesim as cs


class Fresh(cs.Strategy):
    lag: float = 0.06

    def read(self, app, key):
        value = yield app.cache.get(key, replica=(app.client, key) not in app.shared)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value)
        app.shared[app.client, key] = True
