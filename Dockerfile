# One image for each service:  docker build --build-arg SERVICE=catalog --tag agora/catalog .
# SERVICE is a folder of services/, or loadtests. The command of a container is the module it runs: catalog, or
# chassis.migrations catalog. An index other than pip's own is told by the build secret `pip`, which is a pip.conf.
ARG BASE_IMAGE=python:3.12-slim
ARG BUILD_IMAGE=${BASE_IMAGE}

FROM ${BUILD_IMAGE} AS sources
WORKDIR /source
COPY . .
ARG SERVICE
RUN package=services/$SERVICE && if [ ! -d "$package" ]; then package=$SERVICE; fi \
 && python3 scripts/requirements_of.py requirements.lock "$package" >run.txt \
 && python3 scripts/requirements_of.py --packages "$package" >packages.txt \
 && python3 scripts/requirements_of.py --build requirements.lock $(cat packages.txt) >build.txt

FROM ${BUILD_IMAGE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1
RUN python3 -m venv /build
# Of the sources, only the lists: these layers stay as they are until the lock changes.
COPY --from=sources /source/build.txt /source/run.txt /
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    /build/bin/pip install --quiet --require-hashes --requirement /build.txt \
 && /build/bin/pip install --quiet --require-hashes --no-deps --target /opt/dependencies --requirement /run.txt \
 && rm -rf /opt/dependencies/bin
COPY --from=sources /source /source
WORKDIR /source
RUN /build/bin/pip install --quiet --no-deps --no-build-isolation --target /opt/code $(sed 's|^|./|' packages.txt) \
 && cp scripts/sitecustomize.py /opt/code
# Compiled here, since a container cannot write; by content, so that the same sources make the same files.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/dependencies /opt/code

FROM ${BASE_IMAGE}
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/ensurepip /usr/local/lib/python3*/site-packages/pip*
COPY --from=builder /opt/dependencies /opt/agora
COPY --from=builder /opt/code /opt/agora
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/opt/agora PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["python3", "-m"]
ARG SERVICE VERSION=unknown REVISION=unknown
LABEL org.opencontainers.image.title="agora-${SERVICE}" \
      org.opencontainers.image.description="The ${SERVICE} of Agora, a marketplace on a service mesh" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
