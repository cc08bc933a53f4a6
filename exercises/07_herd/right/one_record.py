# One small object for each key.
import cachesim as cs


class Record:
    fetching = None
    ends = 0.0


class HerdProof(cs.Strategy):
    ttl: float = 1.0
    early: float = 0.0

    def read(self, app, key):
        record = app.shared.setdefault(key, Record())
        value = yield app.cache.get(key)
        nearly_over = self.early > 0 and app.now > record.ends - self.early
        if (value is None or nearly_over) and record.fetching is None:
            record.fetching = app.spawn(self.fetch(app, key, record))
        if value is None:
            value = yield record.fetching
        return value

    def fetch(self, app, key, record):
        try:
            row = yield app.db.read(key)
        except BaseException:
            record.fetching = None
            raise
        yield app.cache.set(key, row, self.ttl)
        record.ends, record.fetching = app.now + self.ttl, None
        return row

    def write(self, app, key, value):
        yield app.db.write(key, value)


def lifetime(ttl, draw):
    return ttl * (0.6 + 0.4 * draw)
