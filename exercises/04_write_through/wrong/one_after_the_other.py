# score: 80
# The strategy is right; the schedule lets the writers take turns.
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
        yield app.cache.set(key, value)


def schedule():
    return ["A db", "A cache", "B db", "B cache"]
