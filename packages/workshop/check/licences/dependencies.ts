import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Package } from '../workspace.js'

/** A package that users of a published package install with it. */
export interface Dependency {
  readonly name: string
  readonly version: string
  /** What its `package.json` says, as an SPDX expression; empty where it says nothing. */
  readonly licence: string
  /** The shortest way to it, from a published package to its own name. */
  readonly path: readonly string[]
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string | { readonly type?: string }
  /** How packages from before 2014 say it. */
  readonly licenses?: readonly { readonly type?: string }[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/**
 * Finds everything that users install with the given packages, by following their `package.json` files through
 * `node_modules`: dependencies, and the optional and peer dependencies that are installed here.
 *
 * Packages of the workspace are followed and not returned. Throws where a dependency is not installed.
 */
export function productionDependencies(packages: readonly Package[]): readonly Dependency[] {
  const found = new Map<string, Dependency>()
  const ours = new Set(packages.map(({ folder }) => realpathSync(folder)))
  const queue = [...ours].map((folder) => ({ folder, path: [manifestIn(folder).name] }))
  const seen = new Set(ours)

  // Breadth first: the first way to a package is a shortest one.
  for (const { folder, path } of queue) {
    const manifest = manifestIn(folder)
    for (const [name, isRequired] of namesIn(manifest)) {
      const target = locate(name, folder)
      if (target === undefined) {
        if (!isRequired) continue
        throw new Error(`cannot find ${name}, a dependency of ${path.join(' → ')}: run pnpm install`)
      }
      if (seen.has(target)) continue
      seen.add(target)
      const way = [...path, name]
      queue.push({ folder: target, path: way })
      const { version, ...other } = manifestIn(target)
      found.set(target, { name: other.name, version, licence: licenceIn(other), path: way })
    }
  }
  return [...found.values()].sort(
    (a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version),
  )
}

/** Returns the licence that a `package.json` states, in its present and its former forms; empty where it states none. */
export function licenceIn({ license, licenses = [] }: Pick<Manifest, 'license' | 'licenses'>): string {
  if (typeof license === 'string') return license
  return license?.type ?? licenses.map(({ type }) => type ?? '').join(' OR ')
}

function namesIn(manifest: Manifest): readonly (readonly [name: string, isRequired: boolean])[] {
  const optional = { ...manifest.peerDependencies, ...manifest.optionalDependencies }
  // npm lists optional dependencies among the others as well.
  const required = Object.keys(manifest.dependencies ?? {}).filter((name) => !(name in optional))
  return [
    ...required.map((name) => [name, true] as const),
    ...Object.keys(optional).map((name) => [name, false] as const),
  ]
}

// As Node does: the nearest node_modules upward, without what `exports` might hide.
function locate(name: string, from: string): string | undefined {
  const folder = join(from, 'node_modules', name)
  if (existsSync(join(folder, 'package.json'))) return realpathSync(folder)
  const parent = dirname(from)
  return parent === from ? undefined : locate(name, parent)
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}
