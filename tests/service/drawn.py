"""Values of AWS's shapes, drawn from a seed: right ones, and ones with something wrong in them."""

from datetime import UTC, datetime

from cachesim.rng import stream

TEXTS = ("plain", 'a<&>"é 1', "", "two\nlines", "x" * 300)
DEEPEST = 9
NOTHING = (None, {}, [])


class Drawn:
    """Values of AWS's shapes that are allowed."""

    def __init__(self, name):
        self.random = stream(1, name)

    def of(self, shape, above=()):
        """Return a value of a shape; None where it would go on for ever."""
        if shape.name in above or len(above) > DEEPEST:
            return None
        return getattr(self, shape.type_name)(shape, (*above, shape.name))

    def structure(self, shape, above):
        """Some of the members, and all that are required; one of a union."""
        if getattr(shape, "is_tagged_union", False):
            name = list(shape.members)[self.random.integers(len(shape.members))]
            value = self.of(shape.members[name], above)
            return {} if value in NOTHING else {name: value}
        members = {
            name: self.of(member, above)
            for name, member in shape.members.items()
            if name in shape.required_members or self.random.random() < 0.6
        }
        if shape.members and not members:
            return self.structure(shape, above)  # one that is required must have something in it
        return {name: value for name, value in members.items() if value not in NOTHING}

    def list(self, shape, above):
        """One to three members, or as many as must be."""
        least = shape.metadata.get("min", 1)
        found = [self.of(shape.member, above) for _ in range(least + self.random.integers(3))]
        return [each for each in found if each not in NOTHING]

    def map(self, shape, above):
        """Two entries."""
        found = {f"key{number}": self.of(shape.value, above) for number in (1, 2)}
        return {key: value for key, value in found.items() if value not in NOTHING}

    def string(self, shape, above):
        """A word of the enum, or a text that must be escaped; as long as it must be."""
        known = getattr(shape, "enum", None) or TEXTS
        text = str(known[self.random.integers(len(known))])
        is_free = not getattr(shape, "enum", None)
        return text.ljust(shape.metadata.get("min", 0), "z") if is_free else text

    def integer(self, shape, above):
        """A small number that is allowed."""
        return int(max(shape.metadata.get("min", 0), self.random.integers(1, 60)))

    def double(self, shape, above):
        """A fraction with an exact double."""
        return max(shape.metadata.get("min", -2.0), float(self.random.integers(-8, 60)) / 4)

    def boolean(self, shape, above):
        """True or false."""
        return bool(self.random.integers(2))

    def timestamp(self, shape, above):
        """A date in whole seconds."""
        return datetime(2026, 1, 5, 8, 0, int(self.random.integers(60)), tzinfo=UTC)

    def blob(self, shape, above):
        """Bytes that are no text."""
        return b"\0\xff" + self.random.bytes(3)

    long, float = integer, double


class Doubtful(Drawn):
    """Values of which some have a wrong type, are out of range, or name what may be there or not."""

    STRANGE = (
        "", " ", "-", "é", "0", "-1", "1e999", "nan", "x" * 5000, "a--b", "\0", "../..", "${x}",
        "2026-13-45", "true", "[1", "{}", "99999999999999999999", "shop", "shop-001", "m", "0001",
    )  # fmt: skip
    NAMES = ("shop", "shop-001", "shop-002", "m", "wide", "wide-0001-001", "new-1", "New-2", "0001")

    def of(self, shape, above=()):
        """Return a value, one time in ten a strange one."""
        if above and self.random.random() < 0.1:
            return self.STRANGE[self.random.integers(len(self.STRANGE))]
        return super().of(shape, above)

    def string(self, shape, above):
        """A word of the enum, or half the time a name that is there."""
        if getattr(shape, "enum", None) is None and self.random.random() < 0.6:
            return self.NAMES[self.random.integers(len(self.NAMES))]
        return super().string(shape, above)

    def integer(self, shape, above):
        """A number that may be far too large or too small."""
        odd = (-1, 0, 1, 2, 3, 6, 7, 60, 100, 10**9, 2**63)
        return int(odd[self.random.integers(len(odd))])

    long = integer
