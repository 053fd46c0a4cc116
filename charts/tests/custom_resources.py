"""The fields that the chart may use of custom resources no wheel has types of. Stricter than the originals."""

from typing import Any

import jsonschema

GROUPS = ("istio.io", "linkerd.io", "monitoring.coreos.com", "gateway.networking.k8s.io")

NAME = {"type": "string", "pattern": "^[a-z0-9][-a-z0-9.]{0,251}[a-z0-9]$"}


def fields(**properties: Any) -> dict[str, Any]:
    """An object that has all of these and nothing else; a name with a trailing underscore may be left out."""
    required = [name for name in properties if not name.endswith("_")]
    known = {name.rstrip("_"): schema for name, schema in properties.items()}
    return {"type": "object", "additionalProperties": False, "required": required, "properties": known}


def some(items: Any, most: int = 16) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": most}


def reference(group: str, *kinds: str) -> dict[str, Any]:
    return fields(group={"const": group}, kind={"enum": list(kinds)}, name=NAME)


AUTHENTICATION = reference("policy.linkerd.io", "MeshTLSAuthentication", "NetworkAuthentication")
METHOD = fields(service={"type": "string", "pattern": r"^(?i:\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*)$"},
                method_={"type": "string", "pattern": "^[A-Za-z_][A-Za-z_0-9]*$"})  # fmt: skip
SPECS: dict[tuple[str, str], dict[str, Any]] = {
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): fields(
        parentRefs=some(fields(name=NAME, namespace_=NAME, sectionName_=NAME), 32),
        hostnames_=some({"type": "string"}),
        rules=some(fields(backendRefs=some(fields(name=NAME, port={"type": "integer"})))),
    ),
    ("gateway.networking.k8s.io/v1", "GRPCRoute"): fields(
        parentRefs=some(reference("policy.linkerd.io", "Server"), 32),
        rules=some(fields(matches=some(fields(method=METHOD), 64))),
    ),
    ("policy.linkerd.io/v1beta3", "Server"): fields(
        podSelector=fields(matchLabels={"type": "object", "additionalProperties": {"type": "string"}}),
        port={"type": "string"},
        proxyProtocol={"enum": ["unknown", "HTTP/1", "HTTP/2", "gRPC", "opaque", "TLS"]},
    ),
    ("policy.linkerd.io/v1alpha1", "AuthorizationPolicy"): fields(
        targetRef=reference("gateway.networking.k8s.io", "GRPCRoute"),
        requiredAuthenticationRefs=some(AUTHENTICATION, 1),
    ),
    ("policy.linkerd.io/v1alpha1", "MeshTLSAuthentication"): fields(identities=some({"type": "string"})),
    ("policy.linkerd.io/v1alpha1", "NetworkAuthentication"): fields(networks=some(fields(cidr={"type": "string"}))),
}  # fmt: skip


def is_one(found: dict[str, Any]) -> bool:
    group: str = found["apiVersion"].partition("/")[0]
    return group.endswith(GROUPS)


def validate(found: dict[str, Any]) -> None:
    spec = SPECS[found["apiVersion"], found["kind"]]
    metadata = fields(name=NAME, labels={"type": "object", "additionalProperties": {"type": "string"}})
    whole = fields(apiVersion={"type": "string"}, kind={"type": "string"}, metadata=metadata, spec=spec)
    jsonschema.validate(found, whole)
