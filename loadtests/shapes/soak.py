"""A slow arrival, then everybody for eight hours: what grows, what leaks?"""

from loadtests.shapes.stages import Stages


class Soak(Stages):
    abstract = False
    default_s = 8 * 3600.0

    def share_at(self, progress: float) -> float:
        return min(1.0, 0.2 + progress * 20)
