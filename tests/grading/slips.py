"""The slips that students make, as source: what is written in place of the right lines, and what they are told.

`MARK` stands on the line that the sandbox names.
"""

MARK = "  # here"
MARKED = "def read(self, app, key):" + MARK

STRATEGY = """import cachesim as cs
import time
import json

class Mine(cs.Strategy):
    ttl: float = 10.0

    def fill(self, app, key):
        row = yield app.db.read(key)
        yield app.cache.set(key, row, self.ttl)
        return row

    def read(self, app, key):
        row = yield app.cache.get(key)
        if row is None:
            row = yield app.db.read(key)
            yield app.cache.set(key, row, self.ttl)
        return row

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)
"""
READ = STRATEGY[STRATEGY.index("    def read") : STRATEGY.index("    def write")]
WRITE = STRATEGY[STRATEGY.index("    def write") :]
FILL = "            row = yield app.db.read(key)\n            yield app.cache.set(key, row, self.ttl)\n"
GET = "        row = yield app.cache.get(key)\n"


def read(*lines):
    """Return a strategy with another `read`."""
    body = "".join(f"        {line}\n" for line in lines)
    return STRATEGY.replace(READ, f"    def read(self, app, key):\n{body}\n")


def read_with(old, new):
    """Return a strategy whose `read` has something else in place of `old`."""
    return STRATEGY.replace(
        READ, READ.replace("def read(self, app, key):", MARKED).replace(old, new)
    )


def write(*lines):
    """Return a strategy with another `write`."""
    body = "".join(f"        {line}\n" for line in lines)
    return STRATEGY.replace(WRITE, f"    def write(self, app, key, value):\n{body}\n")


def filled(*lines):
    """Return a strategy that fills in another way."""
    return STRATEGY.replace(FILL, "".join(f"            {line}\n" for line in lines))


def stored(value):
    """Return a strategy that stores something else than the row."""
    return filled(
        "row = yield app.db.read(key)", f"yield app.cache.set(key, {value}, self.ttl){MARK}"
    )


def lived(ttl):
    """Return a strategy that stores with another TTL."""
    return filled("row = yield app.db.read(key)", f"yield app.cache.set(key, row, {ttl}){MARK}")


FORGOT = 'did you forget "yield" before'
SPAWNED = "(app.spawn is for work that the client need not wait for)"
NO_VALUE = "app.cache.set needs a Value as it was read, or as write got it (no str(), decode() or json); it was given"
RETURNED = "Mine.read must return the Value that it read, as it is, or None if there is no such row; it returned"
TTL = "app.cache.set needs a ttl above 0 seconds (leave it out for no limit), got"
SECONDS = "app.timeout needs a number of seconds, 0 or more, got"
USED = (
    "a Value is a row as the database has it: pass it on and return it as it is, "
    "without decode(), json or attributes"
)
NONE = (
    "Mine.read returned None, though the row is there: return the value that you read "
    '(what the cache does not have is None: "if value is None")'
)
EVENT = "which is not an event: yield what app.cache, app.db or app.timeout returned"
STRATEGIES = {  # what is written -> what is told
    "one forgotten yield": (
        filled("row = yield app.db.read(key)", f"app.cache.set(key, row, self.ttl){MARK}"),
        f"Mine.read called app.cache.set and never waited for it: {FORGOT} app.cache.set? {SPAWNED}",
    ),
    "one forgotten in write": (
        write(f"app.db.write(key, value){MARK}", "yield app.cache.delete(key)"),
        f"Mine.write called app.db.write and never waited for it: {FORGOT} app.db.write? {SPAWNED}",
    ),
    "all forgotten": (
        read(
            f"row = app.cache.get(key){MARK}",
            "if row is None:",
            "    row = app.db.read(key)",
            "return row",
        ),
        f"Mine.read returned an event, not a value: {FORGOT} app.cache.get?",
    ),
    "all forgotten in write": (
        write(f"app.db.write(key, value){MARK}"),
        f"Mine.write called app.db.write and never waited for it: {FORGOT} app.db.write? {SPAWNED}",
    ),
    "an event returned from write": (
        write(f"return app.db.write(key, value){MARK}"),
        f"Mine.write returned an event, not a value: {FORGOT} app.db.write?",
    ),
    "no yield at all": (
        STRATEGY.replace(READ, f"    def read(self, app, key):{MARK}\n        return None\n\n"),
        'Mine.read must be a generator, with at least one "yield"; it returned None',
    ),
    "an event as a value": (
        filled(f"yield app.cache.set(key, app.db.read(key)){MARK}"),
        f"app.cache.set was given an event, not a value: {FORGOT} app.db.read?",
    ),
    "an event as a value, one line later": (
        filled(f"row = app.db.read(key){MARK}", "yield app.cache.set(key, row, self.ttl)"),
        f"app.cache.set was given an event, not a value: {FORGOT} app.db.read?",
    ),
    "an event written": (
        write(f"yield app.db.write(key, app.cache.get(key)){MARK}"),
        f"app.db.write was given an event, not a value: {FORGOT} app.cache.get?",
    ),
    "get without yield": (
        STRATEGY.replace(GET, f"        row = app.cache.get(key){MARK}\n"),
        f"Mine.read returned an event, not a value: {FORGOT} app.cache.get?",
    ),
    "an event returned": (
        STRATEGY.replace(
            "        return row\n\n    def write",
            f"        return app.db.read(key){MARK}\n\n    def write",
        ),
        f"Mine.read returned an event, not a value: {FORGOT} app.db.read?",
    ),
    "a time-out returned": (
        read("yield app.cache.get(key)", f"return app.timeout(1){MARK}"),
        f"Mine.read returned an event, not a value: {FORGOT} app.timeout?",
    ),
    "an event used": (
        read(f"row = app.cache.get(key){MARK}", "row.hex()", "return (yield app.db.read(key))"),
        f"an event was used as if it were its value: {FORGOT} app.cache.get?",
    ),
    "no return": (
        read_with("        return row\n", ""),
        NONE,
    ),
    "a return for hits only": (
        STRATEGY.replace(
            READ,
            f"    def read(self, app, key):{MARK}\n{GET}        if row is not None:\n            return row\n"
            "        row = yield app.db.read(key)\n        yield app.cache.set(key, row)\n\n",
        ),
        NONE,
    ),
    "a miss is not empty": (
        STRATEGY.replace("def read(self, app, key):", MARKED)
        .replace("if row is None", 'if row == ""')
        .replace("return row\n\n    def write", "return None\n\n    def write"),
        None,  # nothing was there: a read may return None
    ),
    "read(self, key)": (
        STRATEGY.replace("def read(self, app, key):", f"def read(self, key):{MARK}"),
        'Mine.read must be written "def read(self, app, key)", not "def read(self, key)"',
    ),
    "write(self, app, key)": (
        STRATEGY.replace("def write(self, app, key, value):", f"def write(self, app, key):{MARK}"),
        'Mine.write must be written "def write(self, app, key, value)", not "def write(self, app, key)"',
    ),
    "read(app, key)": (
        STRATEGY.replace("def read(self, app, key):", f"def read(app, key):{MARK}"),
        'Mine.read must be written "def read(self, app, key)", not "def read(app, key)"',
    ),
    "no read": (STRATEGY.replace(READ, ""), "Mine must define read(self, app, key)"),
    "no write": (STRATEGY.replace(WRITE, ""), "Mine must define write(self, app, key, value)"),
    "async def": (
        STRATEGY.replace(
            READ,
            f"    async def read(self, app, key):{MARK}\n        return await app.db.read(key)\n\n",
        ),
        'Mine.read must not be async: write "def", and "yield" in place of "await"',
    ),
    "str(row) stored": (stored("str(row)"), f"{NO_VALUE} {{text}}"),
    "a text stored": (stored("'abc'"), f"{NO_VALUE} 'abc'"),
    "None stored": (stored("None"), f"{NO_VALUE} None"),
    "a tuple stored": (stored("(1, 2)"), f"{NO_VALUE} (1, 2)"),
    "a number written": (
        write(f"yield app.db.write(key, 7){MARK}"),
        f"{NO_VALUE.replace('app.cache.set', 'app.db.write')} 7",
    ),
    "key and value swapped": (
        filled("row = yield app.db.read(key)", f"yield app.cache.set(row, key, self.ttl){MARK}"),
        f"{NO_VALUE} 'a'",
    ),
    "decode()": (stored("row.decode()"), USED),
    "row.data": (stored("row.data"), USED),
    "json.loads": (stored("json.loads(row)"), USED),
    "a text returned": (
        read_with("return row", "return str(7)"),
        f"{RETURNED} '7'",
    ),
    "True returned": (
        read_with("return row", "return True"),
        f"{RETURNED} True",
    ),
    "a tuple returned": (
        read_with("return row", "return (1, 2)"),
        f"{RETURNED} (1, 2)",
    ),
    "a generator returned": (
        STRATEGY.replace(
            READ,
            f"    def read(self, app, key):{MARK}\n{GET}        return self.fill(app, key)\n\n",
        ),
        'Mine.read returned a generator, not a value: did you forget "yield from"?',
    ),
    **{
        f"a TTL of {ttl}": (lived(ttl), f"{TTL} {shown}")
        for ttl, shown in {
            "0": "0",
            "-5": "-5",
            "-0.1 - 0.2": "-0.3",
            "float('nan')": "nan",
            "-float('inf')": "-inf",
            "None": "None",
            "'10'": "'10'",
            "[10]": "[10]",
            "True": "True",
        }.items()
    },
    **{
        f"a time-out of {given}": (
            filled(f"yield app.timeout({given}){MARK}", "row = yield app.db.read(key)"),
            f"{SECONDS} {shown}",
        )
        for given, shown in {
            "-1": "-1",
            "float('nan')": "nan",
            "float('inf')": "inf",
            "'1'": "'1'",
            "None": "None",
        }.items()
    },
    "spawn, not called": (
        filled(f"app.spawn(self.fill){MARK}", "row = yield app.db.read(key)"),
        "app.spawn needs a generator, got a method: call it, as in app.spawn(self.fill(app, key))",
    ),
    "spawn of an event": (
        filled(f"app.spawn(app.db.read(key)){MARK}", "row = yield app.db.read(key)"),
        'app.spawn needs a generator, got an event: write "yield app.db.read(...)" into a method of your own, '
        "and spawn that",
    ),
    "spawn of nothing": (
        filled(f"app.spawn(print()){MARK}", "row = yield app.db.read(key)"),
        'app.spawn needs a generator, got None: is there a "yield" in what you call?',
    ),
    "yield of a generator": (
        filled(f"row = yield self.fill(app, key){MARK}"),
        'a strategy yielded a generator, which is not an event: did you mean "yield from"?',
    ),
    "yield from an event": (
        STRATEGY.replace(GET, f"        row = yield from app.cache.get(key){MARK}\n"),
        'app.cache.get gives one event: write "yield app.cache.get(...)", without "from"',
    ),
    "yield of None": (filled(f"row = yield{MARK}"), f"a strategy yielded None, {EVENT}"),
    "yield of a number": (filled(f"row = yield 0.25{MARK}"), f"a strategy yielded 0.25, {EVENT}"),
    "yield of a key": (filled(f"row = yield key{MARK}"), f"a strategy yielded 'a', {EVENT}"),
    "yield of a method": (
        filled(f"row = yield app.db.read{MARK}"),
        f"a strategy yielded a method, {EVENT}",
    ),
    "yield of a row": (
        filled("row = yield app.db.read(key)", f"yield row{MARK}"),
        f"a strategy yielded a Value, {EVENT}",
    ),
    "yield in a spawned one": (
        STRATEGY.replace(
            "yield app.cache.set(key, row, self.ttl)\n        return row",
            f"yield 7{MARK}\n        return row",
            1,
        ).replace(FILL, "            row = yield app.spawn(self.fill(app, key))\n"),
        f"a strategy yielded 7, {EVENT}",
    ),
}
