"""More and more, in twenty steps: where does it begin to hurt?"""

from loadtests.shapes.stages import Stages


class Ramp(Stages):
    abstract = False

    def share_at(self, progress: float) -> float:
        return (int(progress * 20) + 1) / 20
