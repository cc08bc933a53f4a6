# score: 85
# The time is written down, and the lag is not always so short.
import cachesim as cs


class Fresh(cs.Strategy):
    lag: float = 0.06

    def read(self, app, key):
        fresh = app.now <= app.shared.get((app.client, key), -1.0) + 0.08
        value = yield app.cache.get(key, replica=not fresh)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value)
        app.shared[app.client, key] = app.now
