# A write waits for both tiers, one after the other, each event in a variable.
import cachesim as cs


class Through(cs.Strategy):
    def read(self, app, key):
        copy = yield app.cache.get(key)
        if copy:
            return copy
        row = yield app.db.read(key)
        if not row:
            return None
        filling = app.cache.set(key, row)
        yield filling
        return row

    def write(self, app, key, value):
        committing = app.db.write(key, value)
        yield committing
        setting = app.cache.set(key, value)
        yield setting


def schedule():
    return ["A db", "B db", "B cache", "A cache"]
