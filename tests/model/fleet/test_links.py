"""A node that follows another one again has a link of its own: other lags than before."""

import cachesim as cs
from cachesim.anomalies import by_id
from cachesim.model.fleet import node


def test_no_two_links_draw_the_same_lags(monkeypatch):
    """Two nodes take turns as primary; else every second failover would lose about the same."""
    names, stream = [], node.stream

    def noted(seed, name):
        names.append(name)
        return stream(seed, name)

    monkeypatch.setattr(node, "stream", noted)
    shows = by_id("A14").shows
    cs.run(shows.replace(duration=2, faults=shows.faults[:9]))

    assert len(set(names)) == len(names) >= 9
