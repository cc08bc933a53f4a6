# score: 85
# Commits and sets at the same time: the cache has the value before the database has it.
import cachesim as cs


class Through(cs.Strategy):
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value) & app.cache.set(key, value)


def schedule():
    return ["A db", "B db", "B cache", "A cache"]
