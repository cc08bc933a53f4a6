"""A fleet whose users do what they are told at given moments. A visit takes a quarter second."""

from cachesim.engines.redis.engine import Redis
from cachesim.errors import SimulatedFailure
from cachesim.measure.history import Recorder
from cachesim.model.choice import system_for
from cachesim.model.distributions import Constant
from cachesim.model.events import Drive
from cachesim.model.network import Network
from cachesim.model.resilience import Calls, Resilience
from cachesim.model.strategies.lazy import NoCache
from cachesim.units import MIB
from tests.model.worlds import ZERO, scripted

TIMEOUT = 1.0  # seconds


class Scene:
    """A fleet on which users do what they are told; `said` has the answer or the error of each."""

    def __init__(self, fleet, *played):
        self.said, self._apps = [], {}
        leg = Network(in_zone=Constant(value=0.25), cross_zone=ZERO, database_in_zone=False)
        scenario = scripted(
            NoCache(), (), fleet=fleet, cache=Redis(memory=MIB), faults=played, network=leg, duration=120,
            on_cache_error="raise", resilience=Resilience(cache=Calls(timeout=TIMEOUT)),
        )  # fmt: skip
        recorder = Recorder(fleet=True)
        self.system = system_for(scenario)(scenario, recorder.request, recorder.sample)

    def at(self, moment, user, *command):
        """Let a user send a command at a moment."""
        place = len(self.said)
        self.said.append(None)
        self.system.until(moment).callbacks.append(
            lambda event: Drive(self._do(place, user, command))
        )
        return self

    def _do(self, place, user, command):
        app = self._apps.setdefault(user, self.system.new_app(user))
        try:
            sent = (
                app.cache.wait(*command[1:])
                if command[0] == "WAIT"
                else app.cache.execute(*command)
            )
            answer = yield sent
            self.said[place] = answer.decode() if isinstance(answer, bytes) else answer
        except SimulatedFailure as error:
            self.said[place] = str(error).split()[0], type(error).__name__, self.system.env.now

    def look(self, moment, do):
        """Call a function with a moment, then."""
        self.system.until(moment).callbacks.append(lambda event: do(moment))

    def play(self):
        """Run; give what was said."""
        self.system.run()
        return self.said

    def errors(self):
        """Give the names of the errors; None: an answer."""
        return [each[0] if isinstance(each, tuple) else None for each in self.said]

    def lost(self):
        """Give the moment, the key and the node of each lost write."""
        return [(lost.time, lost.key, lost.node) for lost in self.system.lost_writes()]
