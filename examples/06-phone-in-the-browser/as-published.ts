/** A Vite plugin for this repository only: it takes the packages as npm would bring them, and not their sources. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

/** What is published of a package: files by condition, for each of its doors. */
interface Manifest {
  readonly publishConfig: { readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>> }
}

/** What a bundler for browsers is looking for; the order is the package's. */
const conditions: readonly string[] = ['browser', 'import', 'default']

/** Resolves `@antiphon/…` by the `publishConfig.exports` of each package, to what `pnpm build` made of it. */
export function asPublished(): Plugin {
  return {
    name: 'as-published',
    enforce: 'pre',
    resolveId: (specifier) => {
      const [, name, door = ''] = /^@antiphon\/([^/]+)(\/.+)?$/.exec(specifier) ?? []
      if (name === undefined) return undefined
      const folder = new URL(`../../packages/${name}/`, import.meta.url)
      const manifest = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as Manifest
      const files = manifest.publishConfig.exports[`.${door}`] ?? {}
      const file = Object.entries(files).find(([condition]) => conditions.includes(condition))?.[1]
      if (file === undefined)
        throw new Error(`${specifier} is not published: its package.json exports no .${door}`)
      const path = fileURLToPath(new URL(file, folder))
      if (!existsSync(path)) throw new Error(`${specifier} is not built: run pnpm build`)
      return path
    },
  }
}
