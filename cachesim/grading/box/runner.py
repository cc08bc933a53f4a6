"""Runs inside the sandbox: loads a student's code and answers questions about it, one line of JSON each.

It gives answers, never verdicts: whatever the code does to this process, all it can change is an answer. What the
code prints goes nowhere.
"""

import json
import os
import sys
import types

HERE = os.path.dirname(os.path.abspath(__file__))
LONGEST_TEXT = 300  # characters of an error
FILE = "submission:"  # begins the file name of every part; the rest says which part it is


class Channel:
    """Lines of JSON to and from the grader, on descriptors that are not the standard ones."""

    def __init__(self):
        self.input = os.fdopen(os.dup(0), "rb")
        self.output = os.dup(1)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        os.close(nowhere)

    def receive(self):
        """Return the next message, None when the grader has gone."""
        line = self.input.readline()
        return json.loads(line) if line else None

    def send(self, message):
        """Send an answer."""
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self.output, data) :]


def fence(plan):
    """Build the walls that the grader asked for; return the names of those that stand."""
    import limits

    linux = sys.platform.startswith("linux")
    walls = [  # in this order: a later one refuses what an earlier one needs
        ("nobody", lambda: linux and limits.drop_root(plan["closed"])),
        ("landlock", lambda: plan["landlock"] and limits.lock_files(plan["readable"])),
        ("rlimits", lambda: limits.limit_resources(plan["cpu"], plan["memory"])),
        ("bound", lambda: linux and limits.bind_to_grader()),
        ("seccomp", lambda: linux and limits.filter_calls()),
    ]
    return [name for name, build in walls if build()]


def toolkit():
    """Return the sandbox's own `cachesim`."""
    module = types.ModuleType("cachesim")
    with open(os.path.join(HERE, "toolkit.py")) as source:
        exec(compile(source.read(), "cachesim", "exec"), module.__dict__)
    return module


def told(error):
    """Return an exception as an answer: its kind, its text, and the part and the line it came from."""
    file, line, at = None, None, error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename.startswith(FILE):
            file, line = at.tb_frame.f_code.co_filename, at.tb_lineno
        at = at.tb_next
    if isinstance(error, SyntaxError):
        file, line = error.filename, error.lineno
    try:
        text = str(error)[:LONGEST_TEXT]
    except BaseException:
        text = ""
    where = str(file)[len(FILE) : 80] if str(file).startswith(FILE) else ""
    kind = type(error).__name__[:60]
    return {"error": {"kind": kind, "text": text, "where": where, "line": line}}


class Submission:
    """A student's code, and the objects of it that are in use."""

    def __init__(self):
        self.module = types.ModuleType("submission")
        self.objects = []

    def load(self, parts):
        """Run the code, part by part, in one namespace."""
        sys.modules["submission"] = self.module
        for where, code in parts:
            exec(compile(code, FILE + where, "exec"), self.module.__dict__)
        return {"ok": True}

    def entry(self, name):
        """Return something that the code must define."""
        if not hasattr(self.module, name):
            raise NameError(f'"{name}" is not defined')
        return getattr(self.module, name)

    def call(self, name, arguments):
        """Call a function."""
        return {"value": self.entry(name)(*arguments)}

    def make(self, name, kind, fields):
        """Make a policy or a strategy; return its number."""
        import actors

        made = self.entry(name)(**fields)
        self.objects.append(actors.KINDS[kind](made))
        return {"ok": len(self.objects) - 1}

    def tell(self, number, message):
        """Hand a message to one of the objects."""
        return self.objects[number].answer(message)


def answer(submission, message):
    """Return the answer to one message; what the code raises is an answer too."""
    try:
        return getattr(submission, message.pop("do"))(**message)
    except BaseException as error:
        return told(error)


def main():
    """Answer until the grader hangs up."""
    channel = Channel()
    sys.modules["cachesim"] = toolkit()
    sys.path.insert(0, HERE)
    import actors  # noqa: F401 - while its file can still be read

    standing = fence(json.loads(sys.argv[1]))
    sys.path.remove(HERE)
    channel.send({"walls": standing})
    submission = Submission()
    while (message := channel.receive()) is not None:
        channel.send(answer(submission, message))


if __name__ == "__main__":
    main()
