"""Ends with one line at the first thing that is not as the cluster needs it."""
# ruff: noqa: S607 - from the root of the repository, as every command

import os
import subprocess
import sys

from scripts.container_journey.base_images import base_images
from scripts.container_journey.engine import Engine
from scripts.container_journey.images import IMAGES, check_image
from scripts.container_journey.journey import load, travel
from scripts.container_journey.shop import running_shop

settings = dict(os.environ)
if debian := settings.get("DEBIAN"):
    settings |= base_images(debian, settings)
if "--built" not in sys.argv[1:]:
    subprocess.run(["scripts/images"], env=settings, check=True)
engine = Engine.of(settings)
for name in IMAGES:
    print(check_image(engine, name))
with running_shop(engine) as shop:
    travel(shop)
    load(engine, shop)
print("every container did its part, and stopped when it was told to")
