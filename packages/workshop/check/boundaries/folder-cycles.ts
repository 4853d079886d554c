/** A source file and the files that it imports, as paths from the root of the repository. */
export interface Imports {
  readonly from: string
  readonly to: readonly string[]
}

/** An import that leads from one folder to the next of a cycle. */
interface Step {
  readonly from: string
  readonly to: string
}

/**
 * Returns the import cycles between the folders of each package's sources, imports of types included. Each cycle is a list
 * of imports, one for each folder.
 *
 * A file directly in `src` counts as a folder of its own: there, entry points and the words of the public interface stand
 * beside errors and messages, which all folders use.
 */
export function folderCycles(modules: readonly Imports[]): readonly (readonly Step[])[] {
  const steps = stepsByFolder(modules)
  const reported = new Set<string>()
  return [...steps.keys()].sort().flatMap((folder) => {
    if (reported.has(folder)) return []
    const cycle = shortestCycle(folder, steps)
    for (const { from } of cycle) reported.add(folderOf(from) ?? '')
    return cycle.length === 0 ? [] : [cycle]
  })
}

/** Returns the folder of a package's source; `undefined` for all other files. */
function folderOf(path: string): string | undefined {
  const [, source, folder] = /^(packages\/[^/]+\/src\/(?:(.+)\/)?[^/]+)$/.exec(path) ?? []
  if (source === undefined) return undefined
  return folder === undefined ? source : source.slice(0, source.lastIndexOf('/'))
}

/** Returns, for each folder, one import of each other folder that it imports. */
function stepsByFolder(modules: readonly Imports[]): ReadonlyMap<string, ReadonlyMap<string, Step>> {
  const steps = new Map<string, Map<string, Step>>()
  for (const { from, to: imported } of modules) {
    const folder = folderOf(from)
    if (folder === undefined) continue
    for (const to of imported) {
      const target = folderOf(to)
      if (target === undefined || target === folder) continue
      const ofFolder = steps.get(folder) ?? new Map<string, Step>()
      steps.set(folder, ofFolder.set(target, ofFolder.get(target) ?? { from, to }))
    }
  }
  return steps
}

/** Returns the shortest way from a folder back to itself; empty if no way leads back. */
function shortestCycle(
  start: string,
  steps: ReadonlyMap<string, ReadonlyMap<string, Step>>,
): readonly Step[] {
  const ways = new Map<string, readonly Step[]>([[start, []]])
  for (const [folder, way] of ways) {
    for (const [target, step] of steps.get(folder) ?? []) {
      if (target === start) return [...way, step]
      if (!ways.has(target)) ways.set(target, [...way, step])
    }
  }
  return []
}
