const wrappers = new Map([
  ['/dist/src/connectors/registry.js', new URL('registry.mjs', import.meta.url).href],
  ['/dist/src/db/postgres-store.js', new URL('postgres-store.mjs', import.meta.url).href],
  ['/dist/src/temporal/workflow-bundle.js', new URL('workflow-bundle.mjs', import.meta.url).href],
]);

/** Whoever asks for one of these modules gets the wrapper, except the wrapper itself. */
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  for (const [suffix, wrapper] of wrappers) {
    if (found.url.endsWith(suffix) && context.parentURL !== wrapper)
      return { ...found, url: wrapper, shortCircuit: true };
  }
  return found;
}
