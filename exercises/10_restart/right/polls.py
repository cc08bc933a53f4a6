# The first marks the key; the others look again. The number of marks is bounded.
import cachesim as cs


class Steady(cs.Strategy):
    ttl: float = 30.0

    def read(self, app, key):
        marks = app.shared.setdefault("marks", set())
        value = yield app.cache.get(key)
        while value is None:
            if key not in marks and len(marks) < 15:
                return (yield from self.load(app, key, marks))
            yield app.timeout(0.02)
            value = yield app.cache.get(key)
        return value

    def load(self, app, key, marks):
        marks.add(key)
        try:
            row = yield app.db.read(key)
            yield app.cache.set(key, row, self.ttl)
        finally:
            marks.discard(key)
        return row

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
