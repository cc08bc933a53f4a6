"""What a strategy is: two generators, one for a read and one for a write."""

from cachesim.errors import StrategyError
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.records import Value
from cachesim.spec import Spec


class Strategy(Spec):
    """How an application uses its cache; subclass it, with fields if you like, and write two generators.

    >>> class ReadOnly(Strategy):
    ...     def read(self, app, key):
    ...         return (yield app.db.read(key))
    >>> ReadOnly()
    ReadOnly()
    """

    def read(self, app: App, key: str) -> Steps:
        """Yield events until the key's Value is known (None: no such key), and return it."""
        raise StrategyError(f"{type(self).__name__} must define read(self, app, key)")

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Yield events until the write may be acknowledged to the client."""
        raise StrategyError(f"{type(self).__name__} must define write(self, app, key, value)")
