"""``python -m standin_mesh up ...``: the commands of localmesh over a small mesh of stand-ins."""

import sys

from localmesh.__main__ import main
from localmesh.plan import GATEWAY, Blueprint, Readiness, Service

STANDINS = Blueprint(
    services=(
        Service(
            "shelf",
            "shelf",
            2,
            ("DATABASE_URL", "REDIS_URL"),
            database="shelves",
        ),
        Service(
            GATEWAY,
            "standin_gateway",
            1,
            ("SHELF_TARGET", "STREAM_URL", "CACHE_MODE", "AGORA_OPERATOR_TOKEN"),
            port_variable="HTTP_PORT",
            readiness=Readiness.HTTP,
        ),
    ),
    migrate="standin_migrations",
    sample_sellers=("shelf.sample", "--sellers"),
    sample_items=("shelf.sample", "--items"),
)

if __name__ == "__main__":
    sys.exit(main(STANDINS))
