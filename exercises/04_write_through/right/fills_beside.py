# Answers a read first, and fills the cache beside it.
import cachesim as cs


class Through(cs.Strategy):
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            app.spawn(self.put(app, key, value))
        return value

    def put(self, app, key, value):
        yield app.cache.set(key, value)

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield from self.put(app, key, value)


def schedule():
    return ["A db", "B db", "B cache", "A cache"]
