# score: 85
# Ends a write before the cache is set: the client's own next read finds the old value.
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
        app.spawn(self.put(app, key, value))

    def put(self, app, key, value):
        yield app.cache.set(key, value)


def schedule():
    return ["A db", "B db", "B cache", "A cache"]
