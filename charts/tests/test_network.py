"""The network policies allow the edges of the architecture, and no other."""

import chart
import network

GRPC, HTTP, METRICS, POSTGRESQL, REDIS, SOCKET = 50051, 8080, 9090, 5432, 6379, 7000
DATA_SERVICES = ("account", "catalog", "order", "review")
SHOP = {
    *(("gateway", service, GRPC) for service in DATA_SERVICES),
    *((service, "cache", REDIS) for service in ("gateway", "account", "catalog", "review")),
    ("order", "catalog", GRPC),
    ("review", "order", GRPC),
    *((service, "postgresql", POSTGRESQL) for service in DATA_SERVICES),
    *((f"{service}-migrations", "postgresql", POSTGRESQL) for service in DATA_SERVICES),
    ("test", "gateway", HTTP),
}
WORKER = {
    ("gateway", "stream", REDIS),
    ("review-worker", "postgresql", POSTGRESQL),
    ("review-worker", "cache", REDIS),
    ("review-worker", "stream", REDIS),
}
MONOLITH = {("monolith", "postgresql", POSTGRESQL), ("monolith", "cache", REDIS)}
LOAD = {
    ("locust-worker", "locust-master", 5557),
    ("locust-worker", "gateway", HTTP),
    ("locust-worker", "monolith", SOCKET),
}
DNS = {("kube-system", 53), ("169.254.20.10/32", 53), ("169.254.169.254/32", 53)}


SCRAPED = {
    ("prometheus", part, METRICS) for part in (*DATA_SERVICES, "gateway", "review-worker", "monolith", "locust-master")
}


def test_every_edge_of_the_shop_and_no_other():
    assert network.edges(chart.render()) == SHOP | WORKER


def test_every_edge_of_everything_and_no_other():
    objects = chart.render(*chart.VARIANTS["everything"])
    dashboards = {("grafana", "prometheus", METRICS)}
    assert network.edges(objects) == SHOP | WORKER | MONOLITH | LOAD | SCRAPED | dashboards


def test_nothing_escapes_the_policies(objects):
    for name, pod in chart.pods(objects):
        labels = pod["metadata"]["labels"]
        for direction in ("Ingress", "Egress"):
            found = [policy["metadata"]["name"] for policy in network.policies_for(objects, labels, direction)]
            assert found == ["agora-default-deny", f"agora-{labels[chart.COMPONENT]}"], name


def test_by_default_nothing_but_dns_is_open_to_the_outside():
    objects = chart.render()
    for _, pod in chart.pods(objects):
        component = pod["metadata"]["labels"][chart.COMPONENT]
        assert network.outside(objects, component, "Ingress") == set()
        stores = {"postgresql", "cache", "stream"}
        assert network.outside(objects, component, "Egress") == (set() if component in stores else DNS)


def test_on_gke_a_service_reaches_its_database_and_the_balancers_reach_the_gateway():
    objects = chart.render(*chart.VARIANTS["values-gke"])
    cloud_sql = {("10.64.0.3/32", 3307), ("199.36.153.8/30", 443), ("169.254.169.254/32", 80)}
    redis = {("10.64.1.4/32", 6378)}
    assert network.outside(objects, "order", "Egress") == DNS | cloud_sql
    assert network.outside(objects, "catalog-migrations", "Egress") == DNS | cloud_sql
    assert network.outside(objects, "account", "Egress") == DNS | cloud_sql | redis
    assert network.outside(objects, "gateway", "Egress") == DNS | redis
    assert network.outside(objects, "gateway", "Ingress") == {("130.211.0.0/22", HTTP), ("35.191.0.0/16", HTTP)}
    assert network.outside(objects, "order", "Ingress") == set()


def test_exposed_parts_are_open_to_the_named_networks_only():
    objects = chart.render(*chart.VARIANTS["values-kind"])
    assert network.outside(objects, "gateway", "Ingress") == {("0.0.0.0/0", HTTP)}
    assert network.outside(objects, "grafana", "Ingress") == {("0.0.0.0/0", 3000)}
    assert network.outside(objects, "locust-master", "Ingress") == {("0.0.0.0/0", 8089)}
    assert network.outside(objects, "prometheus", "Ingress") == set()


def test_the_collector_and_the_operators_prometheus_are_let_through():
    objects = chart.render(*chart.VARIANTS["everything"])
    assert network.outside(objects, "order", "Egress") == DNS | {("traces", 4317)}
    assert network.outside(objects, "order", "Ingress") == {("monitoring", METRICS)}
    assert network.outside(objects, "locust-master", "Ingress") == {("monitoring", METRICS)}
    assert network.outside(objects, "postgresql", "Ingress") == set()


def test_a_sidecar_reaches_its_control_plane():
    for mesh, namespace in (("istio", "istio-system"), ("linkerd", "linkerd")):
        objects = chart.render(*chart.VARIANTS[mesh])
        assert (namespace, None) in network.outside(objects, "catalog", "Egress")
        assert (namespace, None) not in network.outside(objects, "postgresql", "Egress")
