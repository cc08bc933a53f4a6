"""The twin's open loop as a network of queues in Ciw, and the yardstick: one bare event of SimPy.

Ciw has queues and no cache, so each customer's way is drawn: a read hits with the hit ratio that the
full model measures. Ciw keeps no rows, no versions and no copies, so the comparison favours it.
"""

from random import Random
from time import process_time
from typing import Any

import simpy

from cachesim.cli.peers.ours import CACHE_SERVICE, CONNECTIONS, DB_SERVICE, RATE, READS

HIT_RATIO = 0.63  # of the full model, LRU with 1,000 of 10,000 keys, Zipf 0.99, delete on write
BARE_EVENTS = 200_000
CACHE, DATABASE = 1, 2  # Ciw's numbers of the nodes
HIT, MISS, WRITE = [CACHE], [CACHE, DATABASE, CACHE], [DATABASE, CACHE]


def ciw_network(wanted: int) -> float:
    """Measure the seconds of CPU per request in Ciw."""
    import ciw

    begin = process_time()
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(RATE * READS), ciw.dists.Exponential(RATE * (1 - READS))],
        service_distributions=[ciw.dists.Exponential(1 / CACHE_SERVICE), ciw.dists.Exponential(1 / DB_SERVICE)],
        number_of_servers=[1, CONNECTIONS],
        routing=ciw.routing.ProcessBased(_ways(Random(1))),
    )  # fmt: skip
    ciw.seed(1)  # SIMPLIFIED: Ciw's draws come from one generator of the process
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(wanted, method="Finish")
    return (process_time() - begin) / wanted


def _ways(random: Random) -> Any:
    """Make the function that gives a customer the rest of its way; reads begin at the cache, writes at the database."""

    def way(customer: Any, simulation: Any) -> list[int]:
        if customer.starting_node == DATABASE:
            return WRITE[1:]
        return (HIT if random.random() < HIT_RATIO else MISS)[1:]

    return way


def bare_event(_: int = 0) -> float:
    """Measure the seconds of CPU per event of a single SimPy process."""
    env = simpy.Environment()

    def tick() -> Any:
        for _ in range(BARE_EVENTS):
            yield env.timeout(1.0)

    env.process(tick())
    begin = process_time()
    env.run()
    return (process_time() - begin) / BARE_EVENTS
