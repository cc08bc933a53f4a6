# score: 85
# In the last part of a life every read that comes fetches a new copy.
import cachesim as cs


class HerdProof(cs.Strategy):
    ttl: float = 1.0
    early: float = 0.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            if key not in app.shared:
                app.shared[key] = app.spawn(self.fill(app, key))
            value = yield app.shared[key]
        elif self.early and app.now > app.shared.get((key, "ends"), 0) - self.early:
            app.spawn(self.fill(app, key))
        return value

    def fill(self, app, key):
        value = yield app.db.read(key)
        yield app.cache.set(key, value, self.ttl)
        app.shared[key, "ends"] = app.now + self.ttl
        app.shared.pop(key, None)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)


def lifetime(ttl, draw):
    return ttl * (1 - 0.3 * draw)
