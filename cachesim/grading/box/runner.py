"""Runs inside the sandbox: loads a student's code and answers questions about it, one line of JSON each.

It gives answers, never verdicts: whatever the code does to this process, all it can change is an answer. The first
2,000 characters of what the code prints go to the grader, the rest goes nowhere.
"""

import json
import os
import sys
import types

HERE = os.path.dirname(os.path.abspath(__file__))


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
    for part, names in (("errors", module.ERRORS), ("units", module.UNITS)):
        inner = types.ModuleType(f"cachesim.{part}")
        inner.__dict__.update(names)
        sys.modules[inner.__name__] = inner
        setattr(module, part, inner)
    return module


class Submission:
    """A student's code, and the objects of it that are in use."""

    def __init__(self):
        import stubs

        self.module = types.ModuleType("submission")
        self.stubs = stubs.Importer()
        self.module.__dict__["__builtins__"] = stubs.built_in(self.stubs)
        self.objects = []

    def load(self, parts):
        """Run the code, part by part, in one namespace."""
        from slips import FILE

        sys.modules["submission"] = self.module
        for where, code in parts:
            exec(self.stubs.compiled(code, FILE + where), self.module.__dict__)
        return {"ok": True}

    def entry(self, name):
        """Return something that the code must define."""
        from slips import Slip

        if not hasattr(self.module, name):
            raise Slip("undefined")
        return getattr(self.module, name)

    def call(self, name, arguments):
        """Call a function."""
        from slips import Slip, defined, never_began, thing

        function = self.entry(name)
        if isinstance(function, type) or not callable(function):
            raise Slip("function", thing=thing(function))
        try:
            value = function(*arguments)
        except TypeError as error:
            if never_began(error):
                raise Slip("arguments", defined(function), count=len(arguments)) from None
            raise
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            raise Slip("result", defined(function), thing=thing(odd(value))) from None
        return {"value": value}

    def make(self, name, kind, fields, ops):
        """Make a policy or a strategy; return its number, and how its methods are written."""
        import actors
        from slips import Slip, never_began, thing

        kind, made = actors.KINDS[kind], self.entry(name)
        if not isinstance(made, type):
            raise Slip("class", thing=thing(made))
        if not issubclass(made, kind.base):
            raise Slip("subclass", base=kind.base_name)
        try:
            made = made(**fields)
        except TypeError as error:
            if never_began(error):
                raise Slip("init") from None
            raise
        self.objects.append(kind(made))
        about = {"shapes": actors.shapes(made, ops), **self.objects[-1].about}
        return {"ok": len(self.objects) - 1, **about}

    def tell(self, number, message):
        """Hand a message to one of the objects."""
        return self.objects[number].answer(message)


def odd(value, levels=16):
    """Return the first thing in a result that is no plain data; the result itself if there is none."""
    inner = value.values() if type(value) is dict else value
    for part in inner if levels and type(value) in (dict, list, tuple) else ():
        try:
            json.dumps(part, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            return odd(part, levels - 1)
    return value


def answer(submission, message):
    """Return the answer to one message; what the code raises is an answer too."""
    from slips import told

    try:
        return getattr(submission, message.pop("do"))(**message)
    except BaseException as error:
        return told(error)


def main():
    """Answer until the grader hangs up."""
    printed = os.dup(2)
    os.set_blocking(printed, False)  # read only at the end, so a full pipe must not block
    channel = Channel()
    sys.path.insert(0, HERE)
    sys.modules["cachesim"] = toolkit()
    import actors  # noqa: F401 - while their files can still be read
    import habits
    import stubs  # noqa: F401

    standing = fence(json.loads(sys.argv[1]))
    sys.path.remove(HERE)
    channel.send({"walls": standing})
    sys.stdout = sys.stderr = habits.Printed(printed)
    habits.install(is_at_work=lambda: submission.objects)
    submission = Submission()  # it takes over the built-in names, as habits has made them
    while (message := channel.receive()) is not None:
        channel.send(answer(submission, message))


if __name__ == "__main__":
    main()
