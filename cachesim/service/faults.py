"""`ServiceFault`: an error of the service, as AWS models it."""

from cachesim.errors import CachesimError


class ServiceFault(CachesimError):
    """An operation that a desk refuses.

    `shape` is the name of the error's shape in AWS's model; the wire finds its code and status there.

    >>> str(ServiceFault("SnapshotNotFoundFault", "Snapshot x not found."))
    'Snapshot x not found.'
    """

    def __init__(self, shape: str, text: str) -> None:
        super().__init__(text)
        self.shape = shape


def bad_value(text: str) -> ServiceFault:
    """Return the error for one value that is not allowed."""
    return ServiceFault("InvalidParameterValueException", text)


def bad_combination(text: str) -> ServiceFault:
    """Return the error for values that do not go together."""
    return ServiceFault("InvalidParameterCombinationException", text)
