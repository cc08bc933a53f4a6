# Returns at once on a hit.
import cachesim as cs


class Lazy(cs.Strategy):
    ttl: float = 10.0

    def read(self, app, key):
        copy = yield app.cache.get(key)
        if copy is not None:
            return copy
        row = yield app.db.read(key)
        if row is None:
            return None
        stored = app.cache.set(key, row, self.ttl)
        yield stored
        return row

    def write(self, app, key, value):
        done = app.db.write(key, value)
        yield done
