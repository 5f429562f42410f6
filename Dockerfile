# syntax=docker/dockerfile:1
# One image for every process:  serve (default) · work · migrate · keys create …

FROM python:3.11-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY constraints/runtime.txt /tmp/runtime.txt
RUN /opt/venv/bin/python -m pip install --only-binary :all: --require-hashes -r /tmp/runtime.txt

FROM python:3.11-slim
# Customers' code runs in it; where the container may make no namespaces, code jobs are refused.
# Its version is the distribution's newest: a pinned one would be gone with the next security fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends bubblewrap \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 penstock \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin penstock \
    && install -d -o penstock -g penstock -m 0700 /var/lib/penstock /var/lib/penstock/files
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/penstock
COPY pyproject.toml ./
COPY alembic alembic
COPY openapi openapi
COPY workers workers
COPY app app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PENSTOCK_HTTP__HOST=0.0.0.0 \
    PENSTOCK_HTTP__PORT=8080 \
    PENSTOCK_FILES__URL=file:/var/lib/penstock/files \
    PENSTOCK_CODE__SCRATCH=/var/lib/penstock/code
USER 10001:10001
VOLUME /var/lib/penstock
EXPOSE 8080
# For `serve`; containers of another command turn it off or bring their own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PENSTOCK_HTTP__PORT']}/healthz\", timeout=2)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
