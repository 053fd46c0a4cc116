"""How long a user thinks between two actions. Apart from the options, which cannot be imported without Locust."""

from argparse import ArgumentTypeError


def think_time(text: str) -> tuple[float, float]:
    """Seconds from and to, such as 0.5-2; a single number is always as long."""
    low, _, high = text.partition("-")
    try:
        bounds = float(low), float(high or low)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not like 0.5-2") from None
    if not 0 <= bounds[0] <= bounds[1]:
        raise ArgumentTypeError(f"{text!r} is not like 0.5-2")
    return bounds
