# One method puts a value into the cache.
import cachesim as cs


class Through(cs.Strategy):
    def store(self, app, key, value):
        if value is not None:
            yield app.cache.set(key, value)
        return value

    def read(self, app, key):
        found = yield app.cache.get(key)
        if found is not None:
            return found
        return (yield from self.store(app, key, (yield app.db.read(key))))

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield from self.store(app, key, value)


def schedule():
    order = ["A db"]
    order += ["B db", "B cache"]
    order.append("A cache")
    return order
