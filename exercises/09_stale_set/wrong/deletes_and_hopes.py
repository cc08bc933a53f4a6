# score: 50
# Finds them, and does not mend them: a delete after the commit.
import cachesim as cs


def stale_sets(requests):
    newest, found = {}, []
    for place in sorted(range(len(requests)), key=lambda place: requests[place]["end"]):
        request = requests[place]
        if request["op"] == "write":
            newest[request["key"]] = max(request["version"], newest.get(request["key"], 0))
        elif request["missed"] and newest.get(request["key"], 0) > request["version"]:
            found.append(place)
    return found


class Careful(cs.Strategy):
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
