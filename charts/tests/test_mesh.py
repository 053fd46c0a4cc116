"""Istio and Linkerd let each RPC through for its callers only, and stay out of the way of the rest."""

import chart
import pytest
import services

CALLS = [
    (caller, callee, rpc)
    for caller, values in services.rows().items()
    for callee, rpcs in values.get("calls", {}).items()
    for rpc in rpcs
]


def istio_policy(objects, component):
    return next(
        p for p in chart.of_kind(objects, "AuthorizationPolicy") if p["metadata"]["name"] == f"agora-{component}"
    )


@pytest.mark.parametrize(("caller", "callee", "rpc"), CALLS)
def test_istio_allows_an_rpc_to_its_caller(caller, callee, rpc):
    objects = chart.render(*chart.VARIANTS["istio"])
    path = f"/agora.{callee}.v1.{callee.title()}Service/{rpc}"
    allowed = [
        principal
        for rule in istio_policy(objects, callee)["spec"]["rules"]
        if path in rule["to"][0]["operation"].get("paths", [])
        for principal in rule["from"][0]["source"]["principals"]
    ]
    assert f"cluster.local/ns/{chart.NAMESPACE}/sa/agora-{caller}" in allowed
    others = {f"agora-{found}" for found, target, name in CALLS if (target, name) == (callee, rpc)}
    assert {principal.rpartition("/")[2] for principal in allowed} == others


def test_istio_lets_nobody_call_grpc_without_naming_the_rpc():
    for policy in chart.of_kind(chart.render(*chart.VARIANTS["istio"]), "AuthorizationPolicy"):
        for rule in policy["spec"]["rules"]:
            operation = rule["to"][0]["operation"]
            assert "50051" not in operation["ports"] or (operation["paths"] and rule["from"])


def test_istio_is_strict_but_for_metrics_and_the_gateway():
    objects = chart.of_kind(chart.render(*chart.VARIANTS["istio"]), "PeerAuthentication")
    assert all(found["spec"]["mtls"] == {"mode": "STRICT"} for found in objects)
    exceptions = {f["metadata"]["name"]: set(f["spec"].get("portLevelMtls", {})) for f in objects}
    assert exceptions.pop("agora-gateway") == {"8080", "9090"}
    assert exceptions.pop("agora-mesh") == set()
    assert all(ports == {"9090"} for ports in exceptions.values())


@pytest.mark.parametrize(("caller", "callee", "rpc"), CALLS)
def test_linkerd_allows_an_rpc_to_its_caller(caller, callee, rpc):
    objects = chart.render(*chart.VARIANTS["linkerd"])
    routes = {
        route["metadata"]["name"]
        for route in chart.of_kind(objects, "GRPCRoute")
        for match in route["spec"]["rules"][0]["matches"]
        if match["method"] == {"service": f"agora.{callee}.v1.{callee.title()}Service", "method": rpc}
    }
    allowed = {
        policy["spec"]["requiredAuthenticationRefs"][0]["name"]
        for policy in chart.of_kind(objects, "AuthorizationPolicy")
        if policy["spec"]["targetRef"]["name"] in routes
    }
    assert allowed == {f"agora-{found}" for found, target, name in CALLS if (target, name) == (callee, rpc)}


@pytest.mark.parametrize(("mesh", "marked"), [("istio", "labels"), ("linkerd", "annotations")])
def test_services_join_the_mesh_and_stores_and_jobs_stay_outside(mesh, marked):
    for name, pod in chart.pods(chart.render(*chart.VARIANTS[mesh])):
        marks = pod["metadata"].get(marked, {})
        joins = marks.get("sidecar.istio.io/inject", marks.get("linkerd.io/inject"))
        component = pod["metadata"]["labels"][chart.COMPONENT]
        assert joins in (("true", "enabled") if component in services.components() else ("false", "disabled")), name
