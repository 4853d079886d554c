import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The part of a `package.json` that the checks use. */
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

/** An entry point of a package. */
export interface Entry {
  /** The key in `exports`, such as `.` or `./cbor`. */
  readonly subpath: string
  /** The import specifier, such as `@antiphon/codecs/cbor`. */
  readonly specifier: string
  /** The absolute path of its source. */
  readonly source: string
  /** The absolute path of its built declarations. */
  readonly types: string
  /** The base name of files about it, such as `codecs.cbor`. */
  readonly fileName: string
  /** Whether it is only for other packages of this repository (`./internal`). */
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

/** Returns an absolute path in the repository. */
export const inRoot = (...path: readonly string[]): string => join(root, ...path)

/** Returns an absolute path in the cache, which may be deleted at any time. */
export const inCache = (...path: readonly string[]): string => inRoot('.cache', ...path)

/** Returns a path relative to the repository. */
export const fromRoot = (path: string): string => relative(root, path)

/** Returns all packages under `packages/`. */
export function packagesOf(repository: string = root): readonly Package[] {
  const folders = readdirSync(join(repository, 'packages'), { withFileTypes: true })
  return folders
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(repository, 'packages', entry.name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map(packageIn)
}

/** Returns the published packages. */
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

// The last condition is `default`, which every runtime supports.
function sourceOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target.endsWith('.ts') ? target : undefined
  return typeof target === 'object' && target !== null ? sourceOf(Object.values(target).at(-1)) : undefined
}
