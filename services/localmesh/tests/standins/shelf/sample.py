"""Stand-in sample data: sellers are printed; items are counted in the state directory, once for each run."""

import os
import sys
from pathlib import Path

if sys.argv[1] == "--sellers":
    print("seller-1\nseller-2")
else:
    sellers = sys.stdin.read().split()
    with Path(os.environ["AGORA_LOCAL_DIR"], "loaded").open("a") as loaded:
        print(*sys.argv[2:], *sellers, file=loaded)
    print("progress 1 2\nsomething to remember\nprogress 2 2", file=sys.stderr)
