# Look, load and store are methods of their own.
import cachesim as cs


class Lazy(cs.Strategy):
    ttl: float = 10.0

    def read(self, app, key):
        found = yield from self.look(app, key)
        if found is None:
            found = yield from self.load(app, key)
        return found

    def look(self, app, key):
        return (yield app.cache.get(key))

    def load(self, app, key):
        row = yield app.db.read(key)
        if row is not None:
            yield from self.store(app, key, row)
        return row

    def store(self, app, key, row):
        yield app.cache.set(key, row, ttl=self.ttl)

    def write(self, app, key, value):
        yield from self.commit(app, key, value)

    def commit(self, app, key, value):
        yield app.db.write(key, value)
