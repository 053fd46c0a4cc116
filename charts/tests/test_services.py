"""The chart and the services' sources agree: modules, variables, ports, addresses, RPCs."""

import re

import chart
import pytest
import services

ROWS = services.rows()
PORTS = {"GRPC_PORT": "grpc", "HTTP_PORT": "http", "MONOLITH_PORT": "tcp", "METRICS_PORT": "metrics"}
TARGET = re.compile(r"dns:///([a-z-]+)\.shop\.svc\.cluster\.local:(\d+)")
URL = re.compile(r"(?:redis|postgresql)://[^@]*@([a-z-]+)\.shop\.svc\.cluster\.local:(\d+)/.*")


def enabled_everything():
    return chart.render(*chart.VARIANTS["everything"])


def deployment(objects, row):
    name = f"agora-{chart.kebab(row)}"
    return next(found for found in chart.of_kind(objects, "Deployment") if found["metadata"]["name"] == name)


def environment(objects, row):
    """Plain variables of a row's process; those from secrets have no value."""
    container = chart.pod_of(deployment(objects, row))["spec"]["containers"][0]
    maps = {found["metadata"]["name"]: found["data"] for found in chart.of_kind(objects, "ConfigMap")}
    shared = {k: v for source in container["envFrom"] for k, v in maps[source["configMapRef"]["name"]].items()}
    return shared | {variable["name"]: variable.get("value") for variable in container["env"]}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_deployed_once_its_module_exists(row):
    """Whoever writes the module turns the row on; the monolith stays off, since it is for experiments."""
    if row != "monolith":
        assert ROWS[row].get("enabled", True) is services.exists(services.module_of(row))


@pytest.mark.parametrize("row", [row for row in ROWS if services.exists(services.module_of(row))])
def test_a_process_is_given_what_it_needs_and_nothing_it_does_not_read(row):
    given = environment(enabled_everything(), row)
    read = services.variables(services.module_of(row))
    # The password is part of the URL; the shared settings reach processes that do not cache, too.
    helpers = {name for name in given if name.endswith("_PASSWORD")} | {"CACHE_MODE"}
    assert read.needed <= given.keys()
    assert [name for name in given.keys() - helpers if not read.knows(name)] == []


def test_traces_are_sampled_as_the_services_would_by_themselves():
    settings = services.SERVICES.joinpath("chassis", "src", "chassis", "settings.py").read_text()
    own = re.search(r"^DEFAULT_TRACE_RATIO: Final = (.+)$", settings, re.MULTILINE)[1]
    for row in ROWS:
        assert environment(enabled_everything(), row)["OTEL_TRACES_SAMPLER_ARG"] == own


def test_the_gateway_alone_is_given_proxies_and_origins():
    objects = chart.render(
        *chart.VARIANTS["everything"],
        "--set=ingress.trustedProxies.pods=10.0.0.0/8,ingress.trustedProxies.balancer=192.0.2.0/24",
        "--set=ingress.corsOrigins.shop=https://shop.example",
    )
    given = environment(objects, "gateway")
    assert given["AGORA_TRUSTED_PROXIES"] == "10.0.0.0/8,192.0.2.0/24"
    assert given["AGORA_CORS_ORIGINS"] == "https://shop.example"
    assert not [row for row in ROWS if row != "gateway" and "AGORA_CORS_ORIGINS" in environment(objects, row)]


def test_every_process_listens_where_its_container_says():
    objects = enabled_everything()
    for row in ROWS:
        container = chart.pod_of(deployment(objects, row))["spec"]["containers"][0]
        declared = {port["name"]: port["containerPort"] for port in container["ports"]}
        told = {PORTS[name]: int(port) for name, port in environment(objects, row).items() if name in PORTS}
        assert told == declared


def test_every_address_is_a_service_with_that_port():
    objects = enabled_everything()
    served = {
        (service["metadata"]["name"], str(port["port"]))
        for service in chart.of_kind(objects, "Service")
        for port in service["spec"]["ports"]
    }
    headless = {
        s["metadata"]["name"] for s in chart.of_kind(objects, "Service") if s["spec"].get("clusterIP") == "None"
    }
    for row in ROWS:
        for name, value in environment(objects, row).items():
            if name.endswith(("_TARGET", "_URL")):
                address = (TARGET if name.endswith("_TARGET") else URL).fullmatch(value).groups()
                assert address in served, name
                assert address[0] in headless, "a client balances by itself only over the replicas' own addresses"


def test_every_row_uses_the_image_of_its_module():
    objects = enabled_everything()
    for row in ROWS:
        container = chart.pod_of(deployment(objects, row))["spec"]["containers"][0]
        assert container["args"] == [services.module_of(row)]
        assert container["image"] == f"agora/{services.package_of(row)}:0.1.0"


@pytest.mark.parametrize("row", [row for row in ROWS if services.exists(row)])
def test_a_row_says_which_rpcs_its_process_calls(row):
    said = {
        callee: {service: {rpc for rpc, used in rpcs.items() if used} for service, rpcs in called.items()}
        for callee, called in ROWS[row].get("calls", {}).items()
    }
    assert said == services.called_rpcs(row)


def test_every_database_has_migrations_from_the_services_own_image():
    jobs = {
        job["metadata"]["labels"][chart.COMPONENT]: chart.pod_of(job)["spec"]["containers"][0]
        for job in chart.of_kind(chart.render(), "Job")
    }
    owners = [row for row, values in ROWS.items() if "database" in values]
    assert jobs.keys() == {f"{row}-migrations" for row in owners}
    for row in owners:
        job = jobs[f"{row}-migrations"]
        assert job["args"] == ["chassis.migrations", row]
        assert job["image"] == f"agora/{row}:0.1.0"


def test_the_monolith_is_given_every_database():
    given = environment(enabled_everything(), "monolith")
    assert {f"{row.upper()}_DATABASE_URL" for row, values in ROWS.items() if "database" in values} <= given.keys()
