"""Engine versions that the service knows: data/versions.csv. All of an engine run on one engine here."""

from functools import cache
from typing import Any, NamedTuple

from cachesim.service.elasticache.events import Events
from cachesim.service.elasticache.parameter_table import rows
from cachesim.service.faults import bad_combination
from cachesim.service.pages import page

SIMULATED = {"redis": "redis 7.0.15", "valkey": "redis 7.0.15", "memcached": "memcached 1.6.18"}


class Version(NamedTuple):
    """One row of the table."""

    engine: str
    version: str  # as a request names it
    full: str  # as an answer does
    family: str
    default: str

    def shown(self) -> dict[str, str]:
        """Return the version in AWS's shape."""
        about = f"{self.engine} version {self.full}, simulated by {SIMULATED[self.engine]}"
        return {
            "Engine": self.engine,
            "EngineVersion": self.version,
            "CacheParameterGroupFamily": self.family,
            "CacheEngineDescription": self.engine.capitalize(),
            "CacheEngineVersionDescription": about,
        }


@cache
def versions() -> list[Version]:
    """Return all versions."""
    return [Version(**row) for row in rows("versions.csv")]


def version_of(engine: str, name: str = "") -> Version:
    """Return a version of an engine by its name, short or full; without one the usual version.

    >>> version_of("redis").full, version_of("redis", "6.2.6").family
    ('7.0.7', 'redis6.x')
    """
    for each in versions():
        names = (each.version, each.full) if name else ("",)
        if each.engine == engine and name in names and (name or each.default == "yes"):
            return each
    raise bad_combination(f"Cannot find version {name} for {engine}")


class EngineVersions(Events):
    """The operation on engine versions."""

    def DescribeCacheEngineVersions(self, request: dict[str, Any]) -> dict[str, Any]:
        """List versions of engines."""
        wanted = {
            name: request[name]
            for name in ("Engine", "EngineVersion", "CacheParameterGroupFamily")
            if name in request
        }
        found = [
            each.shown()
            for each in versions()
            if wanted.items() <= each.shown().items()
            and (each.default == "yes" or not request.get("DefaultOnly"))
        ]
        return page(found, request, "CacheEngineVersions")
