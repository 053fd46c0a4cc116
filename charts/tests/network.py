"""Which connections the NetworkPolicies allow, decided as a cluster decides it."""

from collections.abc import Iterator
from typing import Any

import chart

Labels = dict[str, str]


def policies_for(objects: list[chart.Object], labels: Labels, direction: str) -> list[chart.Object]:
    return [
        policy
        for policy in chart.of_kind(objects, "NetworkPolicy")
        if direction in policy["spec"]["policyTypes"]
        and chart.selects(policy["spec"]["podSelector"]["matchLabels"], labels)
    ]


def _rules(objects: list[chart.Object], labels: Labels, direction: str) -> Iterator[tuple[list[Any], list[Any]]]:
    """Peers and ports of every rule in force for a pod."""
    for policy in policies_for(objects, labels, direction):
        for rule in policy["spec"].get(direction.lower()) or []:
            yield rule["from" if direction == "Ingress" else "to"], rule.get("ports", [])


def _allows(objects: list[chart.Object], labels: Labels, direction: str, peer: Labels, port: int) -> bool:
    """Whether one side allows a connection with another pod of the namespace."""
    return any(
        any("namespaceSelector" not in found and "podSelector" in found
            and chart.selects(found["podSelector"]["matchLabels"], peer) for found in peers)
        and any(found["port"] == port and found["protocol"] == "TCP" for found in ports)
        for peers, ports in _rules(objects, labels, direction)
    )  # fmt: skip


def edges(objects: list[chart.Object]) -> set[tuple[str, str, int]]:
    """Every (from, to, port) between pods of the release that both sides allow, for the ports containers listen on."""
    pods = [pod for _, pod in chart.pods(objects)]
    found = set()
    for caller in pods:
        for callee in pods:
            source, target = caller["metadata"]["labels"], callee["metadata"]["labels"]
            for port in {port["containerPort"] for part in chart.containers(callee) for port in part.get("ports", [])}:
                if _allows(objects, source, "Egress", target, port) and _allows(
                    objects, target, "Ingress", source, port
                ):
                    found.add((source[chart.COMPONENT], target[chart.COMPONENT], port))
    return found


def outside(objects: list[chart.Object], component: str, direction: str) -> set[tuple[str, int | None]]:
    """Every (network or namespace, port) outside of the release that a part is open to; None is any port."""
    labels = next(
        pod["metadata"]["labels"]
        for _, pod in chart.pods(objects)
        if pod["metadata"]["labels"][chart.COMPONENT] == component
    )
    return {
        (place, port)
        for peers, ports in _rules(objects, labels, direction)
        for peer in peers
        if (place := _place(peer)) is not None
        for port in ([found["port"] for found in ports] or [None])
    }


def _place(peer: chart.Object) -> str | None:
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    if "namespaceSelector" in peer:
        return str(peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])
    return None
