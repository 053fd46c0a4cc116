"""Istio and Linkerd let each RPC through for its callers only, and stay out of the way of the rest."""

import chart
import pytest
import services

CALLS = [
    (caller, callee, service, rpc)
    for caller, values in services.rows().items()
    for callee, called in values.get("calls", {}).items()
    for service, rpcs in called.items()
    for rpc in rpcs
]
RPCS = [
    (package, service, rpc)
    for package in sorted(services.packages())
    for service, rpcs in services.rpcs(package).items()
    for rpc in sorted(rpcs)
]

# Spoken over the socket of the monolith: no process of the mesh calls them, so nobody may.
SOCKET_ONLY = {("catalog", "CatalogService", "RegisterItem")}


def callers(*rpc):
    return {f"agora-{caller}" for caller, *called in CALLS if called == list(rpc)}


def istio_callers(callee, service, rpc):
    """ServiceAccounts that Istio lets call an RPC."""
    objects = chart.of_kind(chart.render(*chart.VARIANTS["istio"]), "AuthorizationPolicy")
    policy = next(found for found in objects if found["metadata"]["name"] == f"agora-{callee}")
    return {
        principal.removeprefix(f"cluster.local/ns/{chart.NAMESPACE}/sa/")
        for rule in policy["spec"]["rules"]
        if f"/agora.{callee}.v1.{service}/{rpc}" in rule["to"][0]["operation"].get("paths", [])
        for principal in rule["from"][0]["source"]["principals"]
    }


def linkerd_callers(callee, service, rpc):
    """MeshTLSAuthentications that Linkerd lets call an RPC."""
    objects = chart.render(*chart.VARIANTS["linkerd"])
    routes = {
        route["metadata"]["name"]
        for route in chart.of_kind(objects, "GRPCRoute")
        for match in route["spec"]["rules"][0]["matches"]
        if match["method"] == {"service": f"agora.{callee}.v1.{service}", "method": rpc}
    }
    return {
        policy["spec"]["requiredAuthenticationRefs"][0]["name"]
        for policy in chart.of_kind(objects, "AuthorizationPolicy")
        if policy["spec"]["targetRef"]["name"] in routes
    }


@pytest.mark.parametrize(("package", "service", "rpc"), RPCS)
def test_every_rpc_of_the_protos_is_allowed_to_its_callers_by_both_meshes(package, service, rpc):
    wanted = callers(package, service, rpc)
    assert bool(wanted) is ((package, service, rpc) not in SOCKET_ONLY), "say in the chart's values who calls it"
    assert istio_callers(package, service, rpc) == wanted
    assert linkerd_callers(package, service, rpc) == wanted


def test_the_policies_name_no_rpc_that_the_protos_do_not_have():
    assert {tuple(called) for _, *called in CALLS} <= set(RPCS)


def test_istio_lets_nobody_call_grpc_without_naming_the_rpc():
    for policy in chart.of_kind(chart.render(*chart.VARIANTS["istio"]), "AuthorizationPolicy"):
        for rule in policy["spec"]["rules"]:
            operation = rule["to"][0]["operation"]
            assert "50051" not in operation["ports"] or (operation["paths"] and rule["from"])


def test_istio_is_strict_but_for_metrics_the_gateway_and_the_web_ui_of_locust():
    objects = chart.of_kind(chart.render(*chart.VARIANTS["istio"]), "PeerAuthentication")
    assert all(found["spec"]["mtls"] == {"mode": "STRICT"} for found in objects)
    exceptions = {f["metadata"]["name"]: set(f["spec"].get("portLevelMtls", {})) for f in objects}
    assert exceptions.pop("agora-gateway") == {"8080", "9090"}
    assert exceptions.pop("agora-locust-master") == {"8089", "9090"}
    assert exceptions.pop("agora-mesh") == set()
    assert all(ports == {"9090"} for ports in exceptions.values())


@pytest.mark.parametrize(("mesh", "marked"), [("istio", "labels"), ("linkerd", "annotations")])
def test_services_join_the_mesh_and_stores_and_jobs_stay_outside(mesh, marked):
    for name, pod in chart.pods(chart.render(*chart.VARIANTS[mesh])):
        marks = pod["metadata"].get(marked, {})
        joins = marks.get("sidecar.istio.io/inject", marks.get("linkerd.io/inject"))
        component = pod["metadata"]["labels"][chart.COMPONENT]
        meshed = component in {*services.components(), "locust-master", "locust-worker"}
        assert joins in (("true", "enabled") if meshed else ("false", "disabled")), name
