"""A google provider that has the schema and nothing else: with it Terraform validates and runs mocked tests offline.

It serves Terraform's plugin protocol from inside the test process, where Terraform finds it by TF_REATTACH_PROVIDERS.
"""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc  # type: ignore[import-untyped, unused-ignore]
from tf.gen import tfplugin_pb2 as protocol  # type: ignore[import-not-found, unused-ignore]
from tf.gen import tfplugin_pb2_grpc as service  # type: ignore[import-not-found, unused-ignore]

from checks.configuration import of_kind
from checks.schema import ResourceSchema, Schema, Type, schema_of

PROVIDER = "registry.terraform.io/hashicorp/google"
SETTINGS: dict[str, Type] = {"default_labels": ["map", "string"], "project": "string", "region": "string"}
# Field 11 of Schema.Attribute is `write_only`, which the generated classes are too old to name.
WRITE_ONLY = b"\x58\x01"


def _attribute(name: str, kind: Type, **flags: bool) -> protocol.Schema.Attribute:
    attribute = protocol.Schema.Attribute(name=name, type=json.dumps(kind).encode(), **flags)
    if name.endswith("_wo"):
        attribute.MergeFromString(WRITE_ONLY)
    return attribute


def _block(schema: Schema) -> protocol.Schema.Block:
    return protocol.Schema.Block(
        attributes=[
            _attribute(name, kind, required=name in schema.required, optional=name not in schema.required)
            for name, kind in schema.arguments.items()
        ],
        block_types=[
            protocol.Schema.NestedBlock(
                type_name=name,
                block=_block(nested),
                nesting=protocol.Schema.NestedBlock.LIST,
                min_items=int(name in schema.required),
                max_items=0 if name in schema.repeatable else 1,
            )
            for name, nested in schema.blocks.items()
        ],
    )


def _resource(schema: ResourceSchema) -> protocol.Schema:
    block = _block(schema)
    computed = schema.attributes.keys() - schema.arguments.keys() - schema.blocks.keys()
    block.attributes.extend(_attribute(name, schema.attributes[name], computed=True) for name in sorted(computed))
    return protocol.Schema(block=block)


class _Provider(service.ProviderServicer):  # type: ignore[misc, unused-ignore]
    def GetProviderSchema(self, _request: object, _context: object) -> object:  # noqa: N802  # the protocol's name
        kinds = {block.labels[0] for block in of_kind("resource")}
        schemas = {kind: schema for kind in kinds if (schema := schema_of("resource", kind))}
        settings = [_attribute(name, kind, optional=True) for name, kind in SETTINGS.items()]
        return protocol.GetProviderSchema.Response(
            provider=protocol.Schema(block=protocol.Schema.Block(attributes=settings)),
            provider_meta=protocol.Schema(block=protocol.Schema.Block()),
            resource_schemas={kind: _resource(schema) for kind, schema in schemas.items()},
        )

    def ValidateProviderConfig(self, _request: object, _context: object) -> object:  # noqa: N802
        return protocol.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, _request: object, _context: object) -> object:  # noqa: N802
        return protocol.ValidateResourceConfig.Response()


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """The environment in which Terraform meets the stand-in instead of the provider."""
    with TemporaryDirectory(prefix="agora-provider-") as directory:
        socket = Path(directory) / "socket"
        server = grpc.server(ThreadPoolExecutor(max_workers=4))
        service.add_ProviderServicer_to_server(_Provider(), server)
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        address = {"Network": "unix", "String": str(socket)}
        reattach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
        yield {"TF_REATTACH_PROVIDERS": json.dumps({PROVIDER: reattach})}
        server.stop(grace=None).wait()
