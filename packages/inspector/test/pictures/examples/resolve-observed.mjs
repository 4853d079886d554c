/** The modules in place of packages. */
const observed = { '@antiphon/mqtt': 'observed-mqtt.ts', '@antiphon/broker': 'observed-broker.ts' }

const files = Object.values(observed)

/** Resolves the packages to the modules that observe their links; the modules themselves import the packages. */
export function resolve(specifier, context, next) {
  const file = observed[specifier]
  const isFromObserved = files.some((name) => context.parentURL?.includes(`/${name}`))
  if (file === undefined || isFromObserved) return next(specifier, context)
  return next(new URL(file, import.meta.url).href, context)
}
