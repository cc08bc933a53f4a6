"""What Jupyter understands and Python does not: lines such as `%time f()`, `!ls`, `LRU?`, and cells such as `%%bash`.

Such lines become blank, so that every other line keeps its number. Lines inside a string or a bracket are left alone.
"""

import re

TRANSPARENT = {"%%time", "%%capture", "%%prun"}  # the rest of such a cell is Python, run as ever
COMMAND = re.compile(
    r"[ \t]*([%!?]|[\w.*]+\?{1,2}[ \t]*$"  # %time f(), !ls, ?LRU, LRU?
    r"|[\w.]+([ \t]*,[ \t]*[\w.]+)*[ \t]*=[ \t]*[%!]"  # files = !ls
    r"|(pip|conda|ls|cd)[ \t]+[\w.~/-]+)"
)
INDENT = re.compile(r"[ \t]*")
TIMED = re.compile(r"([ \t]*)%time[ \t]+(?=[\w(\[])")
QUOTES = ('"""', "'''", '"', "'")


def other_language(source):
    """Return the first word of a cell that is no Python, such as "%%bash"; "" if it is Python."""
    words = source.split(None, 1)
    first = words[0] if words else ""
    return first if first.startswith("%%") and first not in TRANSPARENT else ""


def python_of(source):
    """Return a cell as Jupyter hands it to Python: without commands, and without an indent that all lines share."""
    indent = INDENT.match(source.lstrip("\n"))[0]
    lines = [line.removeprefix(indent) for line in source.split("\n")]
    begins = _beginnings(lines)
    return "\n".join(_python(line) if n in begins else line for n, line in enumerate(lines))


def _python(line):
    """Return a line that begins a statement, without what only Jupyter understands."""
    if timed := TIMED.match(line):
        return timed[1] + line[timed.end() :]
    return INDENT.match(line)[0] + "pass" if COMMAND.match(line) else line


def _beginnings(lines):
    """Return the numbers of the lines that begin a statement: not inside a string, a bracket or a continued line."""
    found, depth, quote, goes_on = set(), 0, "", False
    for number, line in enumerate(lines):
        if not (quote or depth or goes_on):
            found.add(number)
            if COMMAND.match(line):
                continue  # its brackets and quotes mean nothing here
        depth, quote = _after(line, depth, quote)
        goes_on = line.endswith("\\")
    return found


def _after(line, depth, quote):
    """Return how deep in brackets, and in which string, the end of a line is."""
    at = 0
    while at < len(line):
        if quote:
            at, quote = _in_string(line, at, quote)
        elif line[at] == "#":
            break
        elif line[at] in "\"'":
            quote = next(mark for mark in QUOTES if line.startswith(mark, at))
            at += len(quote)
        else:
            depth = max(0, depth + (line[at] in "([{") - (line[at] in ")]}"))
            at += 1
    return depth, quote if len(quote) == 3 or line.endswith("\\") else ""


def _in_string(line, at, quote):
    """Return where to go on, and in which string."""
    if line[at] == "\\":
        return at + 2, quote
    return (at + len(quote), "") if line.startswith(quote, at) else (at + 1, quote)
