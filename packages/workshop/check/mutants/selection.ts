/** The sources of one package that a run mutates. */
export interface Selection {
  /** The package's folder name. */
  readonly name: string
  /** Paths from the root of the repository. */
  readonly files: readonly string[]
}

/**
 * Returns the folder in which a source file is counted: `core/link` for all files below `packages/core/src/link/`, `core`
 * for the files directly in `packages/core/src`.
 */
export function folderOf(file: string): string {
  const [, name = '', , ...path] = file.split('/')
  const [top] = path
  return path.length > 1 ? `${name}/${top}` : name
}

/**
 * Selects the sources to mutate, by package. Throws if a path is not a source, so that a typing error is not mistaken for
 * a run without survivors.
 */
export function select(sources: readonly string[], paths: readonly string[]): readonly Selection[] {
  const normalized = paths.map((path) => path.replaceAll('\\', '/').replace(/^\.\//, '').replace(/\/$/, ''))
  const isIn = (file: string, path: string): boolean => file === path || file.startsWith(`${path}/`)
  for (const path of normalized) {
    if (!sources.some((file) => isIn(file, path)))
      throw new Error(
        `cannot mutate ${path}: it is not a source file or folder of a package in .config/mutants.json`,
      )
  }
  const selected =
    normalized.length === 0 ? sources : sources.filter((file) => normalized.some((path) => isIn(file, path)))
  const names = new Set(selected.map(packageOf))
  return [...names].map((name) => ({ name, files: selected.filter((file) => packageOf(file) === name) }))
}

/** Returns the folders whose sources are all in `files`. Only their counts can be compared with a floor or saved. */
export function wholeFolders(sources: readonly string[], files: readonly string[]): ReadonlySet<string> {
  const selected = new Set(files)
  const partial = new Set(sources.filter((file) => !selected.has(file)).map(folderOf))
  return new Set(files.map(folderOf).filter((folder) => !partial.has(folder)))
}

function packageOf(file: string): string {
  return file.split('/')[1] ?? ''
}
