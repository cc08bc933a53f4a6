"""Prices besides those of nodes: data/prices.csv has each with its day and its source."""

import csv
from functools import cache
from importlib.resources import files

GB = 1e9  # bytes
MONTH = 730 * 3600.0  # seconds: AWS counts a month as 730 hours


@cache
def price(what: str) -> float:
    """Return a price in US dollars for the unit in the table.

    >>> price("backup")
    0.085
    """
    text = files("cachesim.service").joinpath("data/prices.csv").read_text()
    return {row["what"]: float(row["usd"]) for row in csv.DictReader(text.splitlines())}[what]
