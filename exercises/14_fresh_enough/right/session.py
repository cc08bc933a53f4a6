# After a write all reads of the client go to the primary for a while.
import cachesim as cs


class Fresh(cs.Strategy):
    lag: float = 0.06

    def read(self, app, key):
        fresh = app.now <= app.shared.get(app.client, -1.0) + self.lag
        value = yield app.cache.get(key, replica=not fresh)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value)
        app.shared[app.client] = app.now
