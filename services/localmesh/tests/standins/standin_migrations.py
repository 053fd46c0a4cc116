"""Stand-in migrations: fail on demand, else note which database they would have changed."""

import os
import sys

if os.environ.get("STANDIN_MIGRATIONS") == "fail":
    sys.exit("column shelves.width does not exist")
print(sys.argv[1:], os.environ["SHELF_DATABASE_URL"], file=sys.stderr)
