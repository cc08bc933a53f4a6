# score: 35
# A TTL as short as the allowed age: no old copy, and hardly a hit. Finds every read that a write overlaps.
import cachesim as cs


def stale_sets(requests):
    return [
        place
        for place, read in enumerate(requests)
        if read["op"] == "read"
        and read["missed"]
        and any(
            write["op"] == "write"
            and write["key"] == read["key"]
            and read["begin"] < write["end"] < read["end"]
            for write in requests
        )
    ]


class Careful(cs.Strategy):
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, 0.1)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
