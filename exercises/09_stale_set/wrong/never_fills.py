# score: 40
# Nothing is stale where nothing is cached.
import cachesim as cs


def stale_sets(requests):
    found = []
    for place, read in enumerate(requests):
        if read["op"] == "read" and read["missed"]:
            writes = [r for r in requests if r["op"] == "write" and r["key"] == read["key"]]
            if any(w["version"] > read["version"] and w["end"] < read["end"] for w in writes):
                found.append(place)
    return found


class Careful(cs.Strategy):
    def read(self, app, key):
        yield app.cache.get(key)
        return (yield app.db.read(key))

    def write(self, app, key, value):
        yield app.db.write(key, value)
