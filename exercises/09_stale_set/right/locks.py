# A lock for each key: a fill and a write never overlap. Reads that hit need no lock.
import cachesim as cs


def stale_sets(requests):
    writes = {}
    for request in requests:
        if request["op"] == "write":
            writes.setdefault(request["key"], []).append(request)
    return [
        place
        for place, read in enumerate(requests)
        if read["op"] == "read"
        and read["missed"]
        and any(
            w["version"] > read["version"] and w["end"] < read["end"]
            for w in writes.get(read["key"], [])
        )
    ]


class Careful(cs.Strategy):
    def lock(self, app, key):
        while key in app.shared:
            yield app.timeout(0.002)
        app.shared[key] = True

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            yield from self.lock(app, key)
            try:
                value = yield app.db.read(key)
                yield app.cache.set(key, value)
            finally:
                del app.shared[key]
        return value

    def write(self, app, key, value):
        yield from self.lock(app, key)
        try:
            yield app.db.write(key, value)
            yield app.cache.delete(key)
        finally:
            del app.shared[key]
