import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The part of a `package.json` that the checks read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly scripts?: Readonly<Record<string, string>>
  /** From subpath to a file, or to files by condition. */
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A door of a package: what a user writes behind its name, and the source it leads to. */
export interface Entry {
  /** `.`, `./cbor` … */
  readonly subpath: string
  /** How a user imports it: `@antiphon/codecs/cbor`. */
  readonly specifier: string
  /** Absolute path of its source. */
  readonly source: string
  /** Absolute path of its built declarations. */
  readonly types: string
  /** A name for files about it: `codecs.cbor`. */
  readonly fileName: string
  /** Whether it is for other packages of this repository only, and no public API: `./internal`. */
  readonly isInternal: boolean
}

/** A package of this repository. */
export interface Package {
  readonly name: string
  /** Its folder's name under `packages/`. */
  readonly folderName: string
  readonly folder: string
  readonly isPublic: boolean
  readonly manifest: Manifest
  readonly entries: readonly Entry[]
}

/** The repository's folder. */
export const root: string = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '')

/** An absolute path in the repository. */
export const inRoot = (...path: readonly string[]): string => join(root, ...path)

/** An absolute path in the folder for everything that may be deleted. */
export const inCache = (...path: readonly string[]): string => inRoot('.cache', ...path)

/** How the repository's people call a file. */
export const fromRoot = (path: string): string => relative(root, path)

/** All packages under `packages/`, found by reading the folder. */
export function packagesOf(repository: string = root): readonly Package[] {
  const folders = readdirSync(join(repository, 'packages'), { withFileTypes: true })
  return folders
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(repository, 'packages', entry.name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map(packageIn)
}

/** The packages that are published. */
export function publicPackages(repository: string = root): readonly Package[] {
  return packagesOf(repository).filter(({ isPublic }) => isPublic)
}

function packageIn(folder: string): Package {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const folderName = basename(folder)
  const entries = Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]): readonly Entry[] => {
    const source = sourceOf(target)
    if (source === undefined) return []
    return [
      {
        subpath,
        specifier: manifest.name + subpath.slice(1),
        source: join(folder, source),
        types: join(folder, source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '.d.ts')),
        fileName: [folderName, ...subpath.split('/').slice(1)].join('.'),
        isInternal: subpath === './internal',
      },
    ]
  })
  return {
    name: manifest.name,
    folderName,
    folder,
    isPublic: manifest.private !== true,
    manifest,
    entries,
  }
}

// The last condition is the one that every runtime knows: `default`.
function sourceOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target.endsWith('.ts') ? target : undefined
  return typeof target === 'object' && target !== null ? sourceOf(Object.values(target).at(-1)) : undefined
}
