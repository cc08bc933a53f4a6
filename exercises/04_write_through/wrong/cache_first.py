# score: 85
# Sets the cache before the commit: readers see what may never be.
import cachesim as cs


class Through(cs.Strategy):
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.cache.set(key, value)
        yield app.db.write(key, value)


def schedule():
    return ["A db", "B db", "B cache", "A cache"]
