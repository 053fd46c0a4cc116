"""Resource requests of a release, at rest and while an upgrade replaces all of it."""

import re
from collections.abc import Iterator
from decimal import Decimal

import chart

UNITS = {"": Decimal(1), "m": Decimal("0.001"), "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30)}
Size = dict[str, Decimal]


def quantity(text: str) -> Decimal:
    found = re.fullmatch(r"([0-9.]+)(m|[A-Z]i)?", text)
    assert found, text
    return Decimal(found[1]) * UNITS[found[2] or ""]


def requests(*workloads: chart.Object) -> Size:
    """Add up the CPU and memory that one pod of each asks for."""
    total: Size = {"cpu": Decimal(), "memory": Decimal()}
    for workload in workloads:
        for container in chart.containers(chart.pod_of(workload)):
            for resource, amount in container["resources"]["requests"].items():
                total[resource] += quantity(amount)
    return total


def at_rest(objects: list[chart.Object]) -> Size:
    return requests(*_replicas(objects))


def during_an_upgrade(objects: list[chart.Object]) -> Size:
    """Add one more pod of all that is replaced without interruption, the migrations, and the test."""
    more = [
        workload
        for workload in chart.of_kind(objects, "Deployment", "Job", "Pod")
        if workload["spec"].get("strategy", {}).get("type") != "Recreate"
    ]
    return requests(*_replicas(objects), *more)


def _replicas(objects: list[chart.Object]) -> Iterator[chart.Object]:
    """Yield each workload as often as it has replicas; where there is an autoscaler, the least number."""
    least = {
        found["spec"]["scaleTargetRef"]["name"]: found["spec"]["minReplicas"]
        for found in chart.of_kind(objects, "HorizontalPodAutoscaler")
    }
    for workload in chart.of_kind(objects, "Deployment", "StatefulSet"):
        replicas = workload["spec"].get("replicas", least.get(workload["metadata"]["name"], 1))
        yield from [workload] * replicas


def shown(size: Size) -> str:
    """Return the size as the README has it: `1.30 CPU, 1120 MiB`."""
    return f"{size['cpu']:.2f} CPU, {size['memory'] / 2**20:.0f} MiB"
