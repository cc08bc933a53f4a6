"""`run`: one scenario, once."""

from cachesim.experiments.result import Result
from cachesim.measure.history import Recorder
from cachesim.model.unreliable.system import system_for
from cachesim.scenario import Scenario


def run(scenario: Scenario) -> Result:
    """Run a scenario and return its Result; the same scenario always gives the same records.

    >>> result = run(Scenario(duration=2, warmup=1))
    >>> 0 <= result.metrics["hit_ratio"] <= 1
    True
    """
    recorder = Recorder()
    system = system_for(scenario)(scenario, recorder.request, recorder.sample)
    system.run()
    return Result(scenario, recorder.hand_over(system.db.versions), system.cache.engine.version)
