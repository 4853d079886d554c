/** The sources of one package that a run mutates. */
export interface Selection {
  /** The package's folder name. */
  readonly name: string
  /** Paths from the root of the repository. */
  readonly files: readonly string[]
}

/**
 * The folder that a source file is counted in: `core/link` for all of `packages/core/src/link/`, `core` for the files
 * directly in `packages/core/src`.
 */
export function folderOf(file: string): string {
  const [, name = '', , ...path] = file.split('/')
  const [top] = path
  return path.length > 1 ? `${name}/${top}` : name
}

/**
 * Chooses the sources to mutate, by package. Throws if a path is no source, so that a typing error does not pass for a
 * run without survivors.
 */
export function select(sources: readonly string[], paths: readonly string[]): readonly Selection[] {
  const wanted = paths.map((path) => path.replaceAll('\\', '/').replace(/^\.\//, '').replace(/\/$/, ''))
  const isIn = (file: string, path: string): boolean => file === path || file.startsWith(`${path}/`)
  for (const path of wanted) {
    if (!sources.some((file) => isIn(file, path)))
      throw new Error(
        `cannot mutate ${path}: it is no source file or folder of a package in .config/mutants.json`,
      )
  }
  const chosen =
    wanted.length === 0 ? sources : sources.filter((file) => wanted.some((path) => isIn(file, path)))
  const names = new Set(chosen.map(packageOf))
  return [...names].map((name) => ({ name, files: chosen.filter((file) => packageOf(file) === name) }))
}

/** The folders of which every source is among `files`. Only their counts can be compared with a floor or saved. */
export function wholeFolders(sources: readonly string[], files: readonly string[]): ReadonlySet<string> {
  const chosen = new Set(files)
  const partial = new Set(sources.filter((file) => !chosen.has(file)).map(folderOf))
  return new Set(files.map(folderOf).filter((folder) => !partial.has(folder)))
}

function packageOf(file: string): string {
  return file.split('/')[1] ?? ''
}
