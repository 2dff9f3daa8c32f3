# The image of every role; the command says which: `receiver`, `worker`, `traces`, `up`.
#
# Not built where this project is developed: there is no container runtime there. What is tested (test/deploy-image.test.ts): the
# second stage's commands, run as they stand, leave a directory from which every role starts.
#
# Bases are exact; a digest goes in their place: --build-arg RUN_IMAGE=debian@sha256:...
ARG BUILD_IMAGE=node:24.11.1-trixie-slim
ARG RUN_IMAGE=debian:13.2-slim

# The console needs its compiler; nothing of this stage but the console's files stays.
FROM ${BUILD_IMAGE} AS console
WORKDIR /app
COPY . .
RUN npm ci && npm run build

# What runs: production dependencies, and the Node that they were locked with (the package `node`; its installer keeps a copy).
FROM ${BUILD_IMAGE} AS product
WORKDIR /app
COPY . .
RUN npm ci --omit=dev --workspace @throughline/cli --include-workspace-root && rm -rf node_modules/node/node_modules
COPY --from=console /app/apps/console/dist apps/console/dist

FROM ${RUN_IMAGE}
RUN groupadd --gid 10001 throughline \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin throughline \
  && install --directory --mode 0700 --owner throughline --group throughline /data
COPY --from=product /app /app
# Everything is read-only but /data and /tmp.
ENV PATH=/app/node_modules/.bin:$PATH THROUGHLINE_DATA=/data NODE_COMPILE_CACHE=/tmp/throughline
WORKDIR /app
USER 10001:10001
EXPOSE 8000 8001 16686 16685 4317 4318 9411 14268 6831/udp 6832/udp
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:8001/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["throughline"]
CMD ["--help"]
