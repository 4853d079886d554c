import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Package } from '../workspace.js'

/** A package that users of a published package install with it. */
export interface Dependency {
  readonly name: string
  readonly version: string
  /** The SPDX expression in `package.json`; empty if it has no licence. */
  readonly licence: string
  /** The shortest chain of package names from a published package to this one. */
  readonly path: readonly string[]
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string | { readonly type?: string }
  /** The form of packages from before 2014. */
  readonly licenses?: readonly { readonly type?: string }[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/**
 * Returns all packages that users install with the given packages: dependencies, and the optional and peer dependencies
 * that are installed here.
 *
 * Follows the `package.json` files through `node_modules`. Packages of the workspace are followed but not returned.
 * Throws if a dependency is not installed.
 */
export function productionDependencies(packages: readonly Package[]): readonly Dependency[] {
  const found = new Map<string, Dependency>()
  const workspace = new Set(packages.map(({ folder }) => realpathSync(folder)))
  const queue = [...workspace].map((folder) => ({ folder, path: [manifestIn(folder).name] }))
  const seen = new Set(workspace)

  // Breadth first, so that the first path to a package is the shortest.
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
      const targetPath = [...path, name]
      queue.push({ folder: target, path: targetPath })
      const { version, ...other } = manifestIn(target)
      found.set(target, { name: other.name, version, licence: licenceIn(other), path: targetPath })
    }
  }
  return [...found.values()].sort(
    (a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version),
  )
}

/** Returns the licence in a `package.json`, in its current or a former form; empty if it has no licence. */
export function licenceIn({ license, licenses = [] }: Pick<Manifest, 'license' | 'licenses'>): string {
  if (typeof license === 'string') return license
  return license?.type ?? licenses.map(({ type }) => type ?? '').join(' OR ')
}

function namesIn(manifest: Manifest): readonly (readonly [name: string, isRequired: boolean])[] {
  const optional = { ...manifest.peerDependencies, ...manifest.optionalDependencies }
  // npm lists optional dependencies also under `dependencies`.
  const required = Object.keys(manifest.dependencies ?? {}).filter((name) => !(name in optional))
  return [
    ...required.map((name) => [name, true] as const),
    ...Object.keys(optional).map((name) => [name, false] as const),
  ]
}

// Searches node_modules upward like Node, without `exports`, which may hide package.json.
function locate(name: string, from: string): string | undefined {
  const folder = join(from, 'node_modules', name)
  if (existsSync(join(folder, 'package.json'))) return realpathSync(folder)
  const parent = dirname(from)
  return parent === from ? undefined : locate(name, parent)
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}
