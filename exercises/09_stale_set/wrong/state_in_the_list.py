# score: 60
# Collects the places in a global list, which is never emptied.
import cachesim as cs

found = []


def stale_sets(requests):
    for place, read in enumerate(requests):
        if read["op"] == "read" and read["missed"]:
            writes = [r for r in requests if r["op"] == "write" and r["key"] == read["key"]]
            if any(w["version"] > read["version"] and w["end"] < read["end"] for w in writes):
                found.append(place)
    return found


class Careful(cs.Strategy):
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
            again = yield app.db.read(key)
            if again != value:
                yield app.cache.delete(key)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
