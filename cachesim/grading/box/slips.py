"""How a slip leaves the sandbox: its code, what was given, and the student's line. The grader has the sentences."""

FILE = "submission:"  # begins the file name of every part; the rest says which part it is
LONGEST_TEXT = 300  # characters of an error
LONGEST_THING = 60  # characters of what was given
SHOWN = ("bool", "int", "str", "bytes", "bytearray", "list", "tuple", "set", "dict")
ANY_MORE = 0x04  # the flag of code that has *args
KNOWN = {SystemExit: "exit", MemoryError: "memory", RecursionError: "recursion"}  # error -> slip


class Slip(Exception):
    """A slip, by its code in the grader's list; `at` is where, if the traceback does not tell."""

    def __init__(self, code, at=None, **words):
        super().__init__(code)
        self.code, self.at, self.words = code, at, words


class NotAValue(Slip, AttributeError):
    """An event, or a Value, was used as something else."""


def thing(given):
    """Describe a value for the grader: its type, and how it is shown."""
    kind = type(given).__name__
    shown = ""
    if kind == "float":
        shown = f"{given:.6g}"
    elif kind in SHOWN:
        shown = repr(given[:99] if kind in ("str", "bytes", "list") else given)
    return [kind[:LONGEST_THING], shown[:LONGEST_THING]]


# --- places: [part, line]


def place(frame):
    """Return the student's line that led to a frame."""
    while frame is not None and not frame.f_code.co_filename.startswith(FILE):
        frame = frame.f_back
    return frame and [frame.f_code.co_filename[len(FILE) :], frame.f_lineno]


def waiting(steps):
    """Return the line at which a generator waits, or the generator that it waits for."""
    while hasattr(getattr(steps, "gi_yieldfrom", None), "gi_frame"):
        steps = steps.gi_yieldfrom
    return place(getattr(steps, "gi_frame", None))


def defined(function):
    """Return the line on which a function is defined."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None or not code.co_filename.startswith(FILE):
        return None
    return [code.co_filename[len(FILE) :], code.co_firstlineno]


def raised(error):
    """Return the last of the student's lines that an error went through."""
    found, at = None, error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename.startswith(FILE):
            found = [at.tb_frame.f_code.co_filename[len(FILE) :], at.tb_lineno]
        at = at.tb_next
    if isinstance(error, SyntaxError) and str(error.filename).startswith(FILE):
        found = [error.filename[len(FILE) :], error.lineno]
    return found


def shape(method):
    """Return the arguments that a method takes: their names, how many must and may be given, and its line."""
    code = getattr(getattr(method, "__func__", None), "__code__", None)
    if code is None:
        return None
    takes = code.co_argcount
    least = takes - len(method.__func__.__defaults__ or ())
    most = None if code.co_flags & ANY_MORE else takes
    return [code.co_varnames[:takes], least, most, defined(method)]


def never_began(error):
    """Return whether a TypeError is the call's own: no line of what was called has run."""
    return error.__traceback__.tb_next is None


def told(error):
    """Return an exception as an answer: a slip, or its kind and its text; and where it came from."""
    at = getattr(error, "at", None) or raised(error)
    code = next((slip for kind, slip in KNOWN.items() if isinstance(error, kind)), None)
    if isinstance(error, Slip):
        return {"error": {"slip": error.code, "words": error.words, "at": at}}
    if code is not None:
        return {"error": {"slip": code, "words": {}, "at": at}}
    return {"error": {"kind": type(error).__name__[:60], "text": _text(error), "at": at}}


def _text(error):
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        return str(text)[:LONGEST_TEXT]
    except BaseException:
        return ""
