/** A Vite plugin for this repository: it bundles the packages as they are published, not their sources. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

/** The published entry points of a package, each with its files by condition. */
interface Manifest {
  readonly publishConfig: { readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>> }
}

/** The conditions of a bundler for browsers; the package sets their order. */
const conditions: readonly string[] = ['browser', 'import', 'default']

/** Resolves `@antiphon/…` with the `publishConfig.exports` of each package, to the output of `pnpm build`. */
export function resolvePublished(): Plugin {
  return {
    name: 'resolve-published',
    enforce: 'pre',
    resolveId: (specifier) => {
      const [, name, subpath = ''] = /^@antiphon\/([^/]+)(\/.+)?$/.exec(specifier) ?? []
      if (name === undefined) return undefined
      const folder = new URL(`../../packages/${name}/`, import.meta.url)
      const manifest = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as Manifest
      const files = manifest.publishConfig.exports[`.${subpath}`] ?? {}
      const file = Object.entries(files).find(([condition]) => conditions.includes(condition))?.[1]
      if (file === undefined)
        throw new Error(
          `cannot resolve ${specifier}: publishConfig.exports of its package.json has no .${subpath}`,
        )
      const path = fileURLToPath(new URL(file, folder))
      if (!existsSync(path)) throw new Error(`cannot resolve ${specifier}: it is not built; run pnpm build`)
      return path
    },
  }
}
