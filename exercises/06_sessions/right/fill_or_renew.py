# A hit is renewed, a miss is filled: two branches.
import cachesim as cs


class Sessions(cs.Strategy):
    idle: float = 10.0

    def read(self, app, key):
        found = yield app.cache.get(key)
        if found is not None:
            yield app.cache.set(key, found, self.idle)
            return found
        row = yield app.db.read(key)
        if row is not None:
            yield app.cache.set(key, row, self.idle)
        return row

    def write(self, app, key, value):
        yield app.db.write(key, value)
        app.spawn(self.keep(app, key, value))

    def keep(self, app, key, value):
        yield app.cache.set(key, value, self.idle)
