# A number for each key in the application's memory, which every write counts up.
import cachesim as cs


def stale_sets(requests):
    newest, found = {}, []
    for place in sorted(range(len(requests)), key=lambda place: requests[place]["end"]):
        request = requests[place]
        key, version = request["key"], request["version"]
        if request["op"] == "write":
            newest[key] = max(version, newest.get(key, 0))
        elif request["missed"] and newest.get(key, 0) > version:
            found.append(place)
    return sorted(found)


class Careful(cs.Strategy):
    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            before = app.shared.get(key, 0)
            value = yield app.db.read(key)
            yield app.cache.set(key, value)
            if app.shared.get(key, 0) != before:
                yield app.cache.delete(key)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        app.shared[key] = app.shared.get(key, 0) + 1
        yield app.cache.delete(key)
