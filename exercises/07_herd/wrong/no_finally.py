# score: 95
# A fetch that fails stays in app.shared: nobody fetches the key again.
import cachesim as cs


class HerdProof(cs.Strategy):
    ttl: float = 1.0
    early: float = 0.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield self.renewed(app, key)
        elif self.early and app.now > app.shared.get((key, "ends"), 0) - self.early:
            self.renewed(app, key)
        return value

    def renewed(self, app, key):
        if key not in app.shared:
            app.shared[key] = app.spawn(self.fetch(app, key))
        return app.shared[key]

    def fetch(self, app, key):
        value = yield app.db.read(key)
        yield app.cache.set(key, value, self.ttl)
        app.shared[key, "ends"] = app.now + self.ttl
        del app.shared[key]
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)


def lifetime(ttl, draw):
    return ttl * (1 - 0.3 * draw)
