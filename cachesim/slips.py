"""The typical slips of students, each with the one sentence that helps, wherever it is found.

A slip is found by the model, by an engine, or by the grader's sandbox, which is another program and sends only what
was given: its type and how Python shows it. All of them say it in the words of this file.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple

from cachesim.errors import Slip, StrategyError

SENTENCES = {
    # strategies: what read and write are
    "shape": '{name} must be written "def {shape}"{thing}',
    "missing": "{name} must define {shape}",
    "async": '{name} must not be async: write "def", and "yield" in place of "await"',
    "no yield": '{name} must be a generator, with at least one "yield"; it returned {thing}',
    "forgotten": '{name} called {call} and never waited for it: did you forget "yield" before {call}? '
    "(app.spawn is for work that the client need not wait for)",
    # strategies: what they return, and wait for
    "event returned": '{name} returned an event, not a value: did you forget "yield" before {call}?',
    "generator returned": '{name} returned a generator, not a value: did you forget "yield from"?',
    "none returned": "{name} returned None, though the row is there: return the value that you read "
    '(what the cache does not have is None: "if value is None")',
    "no value returned": "{name} must return the Value that it read, as it is, or None if there is no such row; "
    "it returned {thing}",
    "generator yielded": 'a strategy yielded a generator, which is not an event: did you mean "yield from"?',
    "yielded": "a strategy yielded {thing}, which is not an event: "
    "yield what app.cache, app.db or app.timeout returned",
    "yield from": '{call} gives one event: write "yield {call}(...)", without "from"',
    "event used": 'an event was used as if it were its value: did you forget "yield" before {call}?',
    "value used": "a Value is a row as the database has it: pass it on and return it as it is, "
    "without decode(), json or attributes",
    # strategies: what they hand over
    "event given": '{call} was given an event, not a value: did you forget "yield" before {inner}?',
    "no value given": "{call} needs a Value as it was read, or as write got it (no str(), decode() or json); "
    "it was given {thing}",
    "ttl": "app.cache.set needs a ttl above 0 seconds (leave it out for no limit), got {thing}",
    "key": "{call} needs a key, a text of 1 to 250 characters, got {thing}",
    "seconds": "app.timeout needs a number of seconds, 0 or more, got {thing}",
    "spawn function": "app.spawn needs a generator, got {thing}: call it, as in app.spawn(self.fill(app, key))",
    "spawn event": "app.spawn needs a generator, got an event: "
    'write "yield {call}(...)" into a method of your own, and spawn that',
    "spawn": 'app.spawn needs a generator, got {thing}: is there a "yield" in what you call?',
    "replica": "{call} needs replica=True or replica=False, got {thing}",
    "replicas": "app.cache.wait needs a number of replicas from 0 to 100, got {thing}",
    "wait": "app.cache.wait needs a timeout of 0 seconds or more, got {thing}",
    "lacks": "{thing} is not in the sandbox; it has app.cache.get, set, delete and wait, app.db.read and write, "
    "app.timeout, app.spawn, app.now, app.random, app.client and app.shared",
    "kept": 'a strategy keeps nothing in itself: write app.shared["name"] in place of self.name',
    # policies
    "entry victim": "{name} returned an Entry; return its key",
    "victim": "{name} returned {thing}, which the cache does not hold; "
    "return a key that on_add named and on_remove has not",
    "victim removed": "{name} removed the key itself, so on_remove could not find it: "
    "victim() only returns the key, and on_remove is called when it leaves",
    # what an exercise asks for
    "undefined": '"{name}" is not defined: write it, with exactly this name',
    "class": "{name} must be a class, it is {thing}",
    "function": "{name} must be a function, it is {thing}",
    "subclass": '{name} must be a subclass of {base}: write "class {name}({base}):"',
    "before_add": "{name} returned {thing}; return True to store the entry, or False to refuse it",
    "init": "{name} cannot be made: its __init__ asks for more than it is given; "
    "leave __init__ out, or give its arguments defaults",
    "field": "{name} has no field {field}{thing}",
    "arguments": "{name} is called with {count}, and must take as many",
    "result": "{name} returned {thing}; "
    "return plain data: finite numbers, text, True, False, None, lists and dicts of these",
    # what a sandbox has not
    "exit": "your code ended the process: leave out exit(), quit(), sys.exit() and os._exit()",
    "input": "input() waits for a keyboard, and there is none: what a function needs comes as its arguments",
    "sleep": 'time.sleep stops the whole simulation: write "yield app.timeout(seconds)"',
    "memory": "your code needs more memory than a test may use (MemoryError)",
    "recursion": "your code calls itself without end (RecursionError)",
}

SHAPES = {  # how a method must be written
    "read": "read(self, app, key)",
    "write": "write(self, app, key, value)",
    "start": "start(self, app)",
    "before_add": "before_add(self, entry)",
    "on_add": "on_add(self, entry)",
    "on_use": "on_use(self, entry)",
    "on_evict": "on_evict(self, entry)",
    "on_remove": "on_remove(self, entry)",
    "victim": "victim(self)",
}
STRATEGY = ("read", "write", "start")
POLICY = ("before_add", "on_add", "on_use", "on_evict", "on_remove", "victim")

CALLS = {  # how a student writes a command
    "get": "app.cache.get",
    "set": "app.cache.set",
    "delete": "app.cache.delete",
    "wait": "app.cache.wait",
    "execute": "app.cache.execute",
    "subscribe": "app.cache.subscribe",
    "transaction": "app.cache.transaction",
    "read": "app.db.read",
    "query": "app.db.query",
    "write": "app.db.write",
    "write_all": "app.db.write_all",
    "write_fenced": "app.db.write_fenced",
    "refuse": "app.db",  # a query that the database has turned away
    "timeout": "app.timeout",
    "spawn": "app.spawn",
}

# Types of which Python's own form is shown.
PLAIN = ["bool", "int", "float", "str", "bytes", "bytearray", "list", "tuple", "set", "dict"]
KINDS = {  # type -> what it is called; what is not here is "something else"
    **dict.fromkeys(["int", "float", "complex"], "a number"),
    **dict.fromkeys(["Event", "Joint", "Visit", "Timeout", "Waitable"], "an event"),
    **dict.fromkeys(["function", "builtin_function_or_method"], "a function"),
    **dict.fromkeys(["list", "tuple", "set", "dict"], "a collection"),
    **dict.fromkeys(["coroutine", "async_generator"], 'something "async"'),
    "NoneType": "None",
    "bool": "True or False",
    "str": "a text",
    "bytes": "bytes",
    "bytearray": "bytes",
    "Value": "a Value",
    "Entry": "an Entry",
    "generator": "a generator",
    "method": "a method",
    "type": "a class",
    # not types: what the sandbox tells besides
    "call": "what you call",  # such as app.cache.execute
    "more": "",  # more words, for the student's eyes only
}
LONGEST = 60  # characters of what is shown


class Thing(NamedTuple):
    """What a student's code gave: its kind, in fixed words, and as it is shown to the student.

    >>> Thing.named("str", "'abc'")
    Thing(kind='a text', shown="'abc'")
    >>> Thing.of(None), Thing.of(0.1 + 0.2)
    (Thing(kind='None', shown='None'), Thing(kind='a number', shown='0.3'))
    """

    kind: str
    shown: str

    @classmethod
    def named(cls, kind: str, shown: str) -> "Thing":
        """Return the thing of a type's name that Python shows like this."""
        if kind not in KINDS:
            return cls("something else", f"an object of type {kind[:LONGEST]}")
        is_shown = kind in PLAIN or kind in ("call", "more")
        return cls(KINDS[kind], shown[:LONGEST] if is_shown else KINDS[kind])

    @classmethod
    def of(cls, given: Any) -> "Thing":
        """Return the thing that an object is."""
        kind = type(given).__name__
        shown = f"{given:.6g}" if kind == "float" else repr(given) if kind in PLAIN else ""
        return cls.named(kind, shown)


def slip(
    code: str,
    error: Callable[[str, str], Slip] = StrategyError,
    at: str = "",
    **words: "str | int | Thing",
) -> Slip:
    """Return the error for a slip; `at` says where, such as " (line 7)".

    >>> slip("ttl", thing=Thing.of(-5), at=" (line 7)")
    StrategyError('app.cache.set needs a ttl above 0 seconds (leave it out for no limit), got -5 (line 7)')
    >>> slip("ttl", thing=Thing.of(-5)).fixed
    'app.cache.set needs a ttl above 0 seconds (leave it out for no limit), got a number'
    """
    shown, fixed = (
        {name: word[form] if isinstance(word, Thing) else word for name, word in words.items()}
        for form in (1, 0)
    )
    sentence = SENTENCES[code]
    return error(f"{sentence.format(**shown)}{at}", f"{sentence.format(**fixed)}{at}")


class Shape(NamedTuple):
    """The arguments that a method takes, `self` among them: their names, and how many may be given."""

    names: tuple[str, ...]
    least: int
    most: float

    @classmethod
    def of(cls, method: Any) -> "Shape | None":
        """Return a method's shape; None for what is no plain method.

        >>> Shape.of(Shape.fits)
        Shape(names=('self', 'op'), least=2, most=2)
        """
        function = getattr(method, "__func__", method)
        if not isinstance(function, FunctionType):
            return None
        code = function.__code__
        takes = code.co_argcount
        return cls(
            code.co_varnames[:takes],
            takes - len(function.__defaults__ or ()),
            float("inf") if code.co_flags & ANY_MORE else takes,
        )

    def fits(self, op: str) -> bool:
        """Return whether such a method can be called as `op` is."""
        return self.least <= SHAPES[op].count(",") + 1 <= self.most


ANY_MORE = 0x04  # the flag of code that has *args


def check_shape(name: str, op: str, shape: Shape | None, at: str = "") -> None:
    """Raise the slip of a method that is written with other arguments than it is called with."""
    if shape is not None and not shape.fits(op):
        given = Thing("", f', not "def {op}({", ".join(shape.names)})"')
        raise slip("shape", at=at, name=f"{name}.{op}", shape=SHAPES[op], thing=given)


def check_shapes(made: Any, ops: tuple[str, ...]) -> None:
    """Raise the slip of a strategy, or a policy, one of whose methods is written with other arguments."""
    for op in ops:
        if hasattr(
            getattr(made, op, None), "__self__"
        ):  # not static, nor put there by the instance
            check_shape(type(made).__name__, op, Shape.of(getattr(made, op)))


def arguments(count: int) -> str:
    """Return how many arguments, in words.

    >>> arguments(1), arguments(2)
    ('1 argument', '2 arguments')
    """
    return f"{count} argument{'s' if count != 1 else ''}"


def never_began(error: TypeError) -> bool:
    """Return whether a TypeError is the call's own, made by who asks: no line of what was called has run."""
    return error.__traceback__ is not None and error.__traceback__.tb_next is None
