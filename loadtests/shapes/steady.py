"""Everybody from the start to the end."""

from loadtests.shapes.stages import Stages


class Steady(Stages):
    abstract = False
    default_s = float("inf")

    def share_at(self, _progress: float) -> float:
        return 1.0
