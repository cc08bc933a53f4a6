"""The desk of ElastiCache is put together from parts: none may take another's method by accident."""

from pathlib import Path

from cachesim import service
from cachesim.service.elasticache.desk import ElastiCache
from cachesim.service.tables import table


def test_no_part_takes_a_method_of_another():
    """A method that stands in several parts comes from one that all of them build on."""
    parts = ElastiCache.__mro__[:-1]
    places = {
        name: [part for part in parts if name in vars(part)]
        for part in parts
        for name, value in vars(part).items()
        if callable(value) and name != "__init__"
    }

    assert {} == {
        name: found
        for name, found in places.items()
        if not all(issubclass(part, found[-1]) for part in found)
    }


def test_each_rule_is_used():
    """A refusal that nobody raises has no row."""
    names = [row["rule"] for row in table("refusals")]
    source = "".join(path.read_text("utf-8") for path in Path(service.__path__[0]).rglob("*.py"))
    assert [] == [name for name in names if f'"{name}"' not in source]
