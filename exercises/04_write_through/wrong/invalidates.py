# score: 30
# Deletes instead of setting: the next read is a miss.
import cachesim as cs


class Through(cs.Strategy):
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)


def schedule():
    return ["A db", "B db", "B cache", "A cache"]
