"""Values that are wrong or contradict each other are refused with a line that says what is wrong."""

import json
import re

import chart
import pytest
import yaml

WRONG = {
    "services.catalogue.replicas=2": "additional properties 'catalogue' not allowed",
    "services.catalog.replica=2": "additional properties 'replica' not allowed",
    "services.catalog.replicas=two": "at '/services/catalog/replicas': got string, want integer",
    "services.catalog.replicas=-1": "minimum: got -1, want 0",
    "services.catalog.serves=soap": "at '/services/catalog/serves': value must be one of",
    "cacheMode=on": "at '/cacheMode': value must be one of 'off', 'shared', 'tiered'",
    "image.tag=latest": "at '/image/tag': 'not' failed",
    "image.tag=v 1": "at '/image/tag': 'v 1' does not match pattern",
    "image.registry=https://registry.example": "at '/image/registry': 'https://registry.example' does not match",
    "postgresql.image.repository=Postgres": "at '/postgresql/image/repository': 'Postgres' does not match pattern",
    "postgresql.image.tag=18:1": "at '/postgresql/image/tag': '18:1' does not match pattern",
    "cache=null": "missing property 'cache'",
    "services.catalog=null": "at '/services': missing property 'catalog'",
    "serviceDefaults.shutdown=null": "at '/serviceDefaults': missing property 'shutdown'",
    "cache.image.tag=latest": "at '/cache/image/tag': 'not' failed",
    "traces.sampleRatio=2": "at '/traces/sampleRatio': 'anyOf' failed",
    "traces.sampleRatio=often": "'often' does not match pattern",
    "services.order.calls.catalog.ReserveStock=true": "at '/services/order/calls/catalog/ReserveStock': got boolean",
    "ports.grpc=0": "at '/ports/grpc': minimum: got 0, want 1",
    "ingress.enabled=maybe": "at '/ingress/enabled': got string, want boolean",
    "ingress.allowFrom.office=everywhere": "at '/ingress/allowFrom/office': 'everywhere' does not match pattern",
    "ingress.trustedProxies.nginx=nginx": "at '/ingress/trustedProxies/nginx': 'nginx' does not match pattern",
    "ingress.corsOrigins.all=*": "at '/ingress/corsOrigins/all': '*' does not match pattern",
    "postgresql.password=secret": "additional properties 'password' not allowed",
    "externalDatabase.egress.db.cidr=10.0.0.1/32": "at '/externalDatabase/egress/db'",
}
CONTRADICTORY = {
    "externalDatabase.enabled=true": "enable exactly one of postgresql and externalDatabase",
    "cache.enabled=false": "enable exactly one of cache and externalCache",
    "stream.enabled=false": "enable exactly one of stream and externalStream",
    "cache.enabled=false,externalCache.enabled=true": "externalCache.egress is empty",
    "cache.enabled=false,externalCache.enabled=true,networkPolicy.enabled=false": "externalCache.existingSecret is e",
    "services.review.enabled=false": "services.gateway calls services.review, which is not enabled",
    "services.order.replicas=9": "services.order: replicas (9) is more than autoscaling.maxReplicas (4)",
    "services.order.replicas=0": "services.order: an autoscaler keeps at least one replica",
    "services.order.expose.type=NodePort": "services.order: expose.type NodePort needs a row that serves http",
    "services.gateway.expose.type=NodePort": "services.gateway: expose.type NodePort needs ingress.allowFrom",
    "services.gateway.expose.type=LoadBalancer": "services.gateway: expose.type LoadBalancer needs ingress.allowFrom",
    "services.order.shutdown.graceSeconds=10": "services.order: shutdown.graceSeconds must be at least 20 more",
    "services.gateway.expose.nodePort=30080": "services.gateway: expose.nodePort needs expose.type NodePort",
    "locust.expose.nodePort=30089": "locust: expose.nodePort needs expose.type NodePort",
    "postgresql.maxConnections=100": "postgresql.maxConnections (100) is too low: the services may open 250",
    "ingress.enabled=true,httpRoute.enabled=true": "enable only one of ingress and httpRoute",
    "ingress.enabled=true": "ingress.allowFrom and ingress.allowFromNamespaces are empty",
    "httpRoute.enabled=true": "httpRoute.parents is empty",
    "istio.enabled=true,linkerd.enabled=true": "enable only one of istio and linkerd",
    "traces.endpoint=http://collector:4317": "traces.egress is empty",
    "services.gateway.enabled=false,locust.enabled=true": "ingress, httpRoute and locust need services.gateway",
}
RESOURCES = {
    "services.order.resources.requests.memory=257Mi": "services.order: resources.requests.memory (257Mi) is more than",
    "stream.resources.limits.memory=0.03Gi": "at '/stream/resources/limits/memory'",
    "stream.resources.limits.memory=1048576": "stream: resources.requests.memory (48Mi) is more than",
    "locust.resources.limits.cpu=0.09": "locust: resources.requests.cpu (100m) is more than",
    "cache.maxMemory=1gb": "cache.maxMemory (1gb) is more than cache.resources.limits.memory (160Mi)",
}
EXTERNAL = "postgresql.enabled=false,networkPolicy.enabled=false,externalDatabase.enabled=true"
DATABASE = {
    "": "externalDatabase.host is empty",
    ",externalDatabase.host=db": "needs either existingSecret or cloudSqlProxy.iamAuthentication, and not both",
    ",externalDatabase.host=db,externalDatabase.cloudSqlProxy.iamAuthentication=true": "needs cloudSqlProxy.enabled",
    ",externalDatabase.host=db,externalDatabase.existingSecret=s,externalDatabase.cloudSqlProxy.enabled=true": (
        "externalDatabase.cloudSqlProxy.connectionName is empty"
    ),
    ",externalDatabase.host=db,externalDatabase.existingSecret=s,externalDatabase.cloudSqlProxy.enabled=true"
    ",externalDatabase.cloudSqlProxy.connectionName=a:b:c": "externalDatabase.host must be 127.0.0.1",
}


@pytest.mark.parametrize(("setting", "message"), [*WRONG.items(), *CONTRADICTORY.items()])
def test_values_are_refused_with_a_clear_line(setting, message):
    assert message in chart.refusal(f"--set={setting}")


@pytest.mark.parametrize(("setting", "message"), RESOURCES.items())
def test_resources_are_rejected_that_no_cluster_takes(setting, message):
    assert message in chart.refusal("--set-string", setting)


def paths(values, prefix=""):
    for name, value in values.items():
        yield f"{prefix}{name}"
        if isinstance(value, dict):
            yield from paths(value, f"{prefix}{name}.")


def test_a_value_set_to_null_breaks_no_template():
    """helm removes it, and a template that reads on would end in a nil pointer."""
    values = yaml.safe_load((chart.CHART / "values.yaml").read_text())
    # What a row does not say is a default's, and what a mapping by name or resources do not say is not there.
    by_name = re.compile(
        r"services\..+\.|.*resources\.|serviceDefaults\.calls\.|networkPolicy\.dns\.(podLabels|cidrs)\."
    )
    known = [path for path in paths(values) if not by_name.match(path)]
    for depth in range(max(path.count(".") for path in known) + 1):
        level = [path for path in known if path.count(".") == depth]
        refused = chart.refusal(f"--set={','.join(f'{path}=null' for path in level)}")
        missing = {
            (parent, name)
            for parent, names in re.findall(r"at '([^']*)': missing propert(?:y|ies) (.*)", refused)
            for name in re.findall(r"'(\w+)'", names)
        }
        assert missing == {
            ("".join(f"/{part}" for part in path.split(".")[:-1]), path.split(".")[-1]) for path in level
        }


@pytest.mark.parametrize(("more", "message"), DATABASE.items())
def test_an_external_database_is_described_completely(more, message):
    assert message in chart.refusal(f"--set={EXTERNAL}{more}")


def test_the_monolith_cannot_log_in_as_one_identity():
    monolith = "--set=services.monolith.enabled=true"
    assert "services.monolith opens the databases of several" in chart.refusal("--values=values-gke.yaml", monolith)


def test_every_contradiction_in_the_chart_is_tested():
    checks = (chart.CHART / "templates" / "checks.yaml").read_text()
    tested = len(CONTRADICTORY) + len(DATABASE) + 1
    # One line rejects three pairs of stores, two for all that is exposed, one for ingresses and Locust.
    assert checks.count("fail ") == tested - 4


def test_the_schema_knows_every_value_and_no_other():
    schema = json.loads((chart.CHART / "values.schema.json").read_text())
    values = yaml.safe_load((chart.CHART / "values.yaml").read_text())

    def compare(found, value, path, *, complete=True):
        shared = "$ref" in found
        while "$ref" in found or "allOf" in found:
            found = found["allOf"][0] if "allOf" in found else schema["definitions"][found["$ref"].rpartition("/")[2]]
        if "properties" not in found or not value:
            return
        assert found["additionalProperties"] is False, path
        # Rows, and what several places share, say only what differs.
        complete = complete and (not shared or path == "serviceDefaults")
        if complete:
            assert found["properties"].keys() - {"global"} == value.keys(), path or "the top level"
        for name, inner in value.items():
            compare(found["properties"][name], inner, f"{path}.{name}".lstrip("."), complete=complete)

    compare(schema, values, "")
