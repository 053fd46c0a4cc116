"""Builds every image, runs the shop in containers as restricted as the cluster's pods, and passes its journey through.

    python -m scripts.container_journey            build the images, then everything else
    python -m scripts.container_journey --built    take the images as they are

The containers meet the local mesh's embedded PostgreSQL and Valkeys on the network of the host, which must run Linux.
The settings are those of scripts/images, and two more: RUN_OPTIONS, anything further for the engine's `run`; DEBIAN, a
release of Debian such as trixie, of which debootstrap makes the base images where no registry of images is reached.
"""
