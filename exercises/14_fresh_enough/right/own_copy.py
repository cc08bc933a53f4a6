# The process keeps the client's own value while a replica may lack it.
import cachesim as cs


class Fresh(cs.Strategy):
    lag: float = 0.06

    def read(self, app, key):
        until, mine = app.shared.get((app.client, key), (0.0, None))
        if app.now <= until:
            return mine
        value = yield app.cache.get(key, replica=True)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value)
        app.shared[app.client, key] = app.now + self.lag, value
