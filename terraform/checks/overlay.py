"""The chart's values as the outputs render them, filled with sample outputs."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from checks.configuration import MODULE

TEMPLATE = MODULE / "templates" / "values-gke.yaml.tftpl"
SAMPLE = Path(__file__).with_name("overlay_sample.json")
PLACEHOLDER = re.compile(r"\$\{([a-z_]+(?:\.[a-z_]+)*)\}")


def sample() -> dict[str, object]:
    values: dict[str, object] = json.loads(SAMPLE.read_text())
    return values


def render() -> str:
    """What Terraform's `templatefile` makes of the template, as long as that holds plain names only."""
    rendered = PLACEHOLDER.sub(lambda found: str(_look_up(found[1], sample())), TEMPLATE.read_text())
    assert "${" not in rendered, "the template holds an expression that only Terraform can evaluate"
    assert "%{" not in rendered, "the template holds a directive that only Terraform can evaluate"
    return rendered


def placeholders() -> set[str]:
    return set(PLACEHOLDER.findall(TEMPLATE.read_text()))


def paths(values: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from paths(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _look_up(path: str, values: Mapping[str, object]) -> object:
    found: object = values
    for name in path.split("."):
        assert isinstance(found, Mapping), path
        found = found[name]
    return found
