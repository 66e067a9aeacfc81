# The base can be another image with Node 24: docker build --build-arg NODE_IMAGE=…
ARG NODE_IMAGE=node:24-slim

# Building needs the development packages; nothing of them goes further than this stage.
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The pinned Node among the packages is for machines with an older one; the base has the right one, so no script has to run.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json rolldown.config.mjs ./
COPY src ./src
RUN npm run --silent build

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Millrace" \
      org.opencontainers.image.description="AWS Lambda event source mappings outside AWS" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY LICENSE /usr/local/share/millrace/LICENSE
COPY --from=build /build/dist/millrace.mjs /build/dist/index.mjs /usr/local/lib/millrace/
COPY --from=build /build/dist/chunks /usr/local/lib/millrace/chunks
# What is inside of these files.
COPY --from=build /build/dist/sbom.cdx.json /usr/local/share/millrace/sbom.cdx.json
# Nothing is installed here any more: what could install something is of use to strangers alone.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* /root/.npm \
 && ln -s /usr/local/lib/millrace/millrace.mjs /usr/local/bin/millrace \
 && mkdir --mode=700 /data /usr/local/lib/millrace/cache \
 && chown 1000:1000 /data /usr/local/lib/millrace/cache
USER 1000:1000
# A whole life fills the compile cache, which shortens every start. Node keeps one for each user, so it is this one's.
RUN export NODE_COMPILE_CACHE=/usr/local/lib/millrace/cache \
 && { timeout --signal=TERM 5 millrace start --store memory: --port 0 --log-level silent || [ $? -eq 124 ]; } \
 && chmod -R a=rX $NODE_COMPILE_CACHE
# What a mounted file may say is not said here, because variables win over the file.
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/usr/local/lib/millrace/cache \
    MILLRACE_HOST=::
# The store's default, ./millrace.db, lies here; /etc/millrace/millrace.yaml is read where it is mounted.
WORKDIR /data
VOLUME /data
EXPOSE 4570
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["millrace", "health"]
ENTRYPOINT ["millrace"]
CMD ["start"]
