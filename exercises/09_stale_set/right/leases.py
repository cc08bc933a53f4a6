# A miss takes a lease, a write ends all leases of its key.
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
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is not None:
            return value
        lease = object()
        app.shared.setdefault(key, set()).add(lease)
        value = yield app.db.read(key)
        if lease in app.shared[key]:
            yield app.cache.set(key, value)
            if lease not in app.shared[key]:
                yield app.cache.delete(key)
        app.shared[key].discard(lease)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        app.shared.setdefault(key, set()).clear()
        yield app.cache.delete(key)
