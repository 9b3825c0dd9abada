# syntax=docker/dockerfile:1
FROM node:20-bookworm-slim AS build
WORKDIR /home/node/app
COPY package.json package-lock.json .npmrc ./
# No install script is needed here: the only one that is allowed belongs to the development database.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY tools ./tools
COPY src ./src
COPY workflows ./workflows
COPY activities ./activities
RUN npm run build && npm prune --omit=dev --ignore-scripts
# Temporal ships its native bridge for five platforms; the other four are 110 MB that never run.
RUN find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

FROM node:20-bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && install --directory --owner=node --group=node --mode=0700 /var/lib/parley
ENV NODE_ENV=production PARLEY_HOME=/var/lib/parley
WORKDIR /home/node/app
COPY package.json LICENSE ./
COPY migrations ./migrations
COPY --from=build /home/node/app/node_modules ./node_modules
COPY --from=build /home/node/app/dist ./dist
USER node
ENTRYPOINT ["node", "dist/src/main/cli.js"]
CMD ["serve", "api"]
