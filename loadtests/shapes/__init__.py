"""How many come when. Each shape reads the number of users and the run time that were asked for."""

from loadtests.shapes.ramp import Ramp
from loadtests.shapes.soak import Soak
from loadtests.shapes.spike import Spike
from loadtests.shapes.steady import Steady

__all__ = ["Ramp", "Soak", "Spike", "Steady"]
