"""A tenth of the users, in the middle for a fifth of the time all of them, then a tenth again: does it recover?"""

from loadtests.shapes.stages import Stages


class Spike(Stages):
    abstract = False

    def share_at(self, progress: float) -> float:
        return 1.0 if 0.4 <= progress < 0.6 else 0.1
