import { basename, join } from 'node:path/posix'
import { tierOf, tiers } from './tiers.js'

/** Sources by path. */
export type Sources = Readonly<Record<string, string>>

/** The exports of `@antiphon/workshop` for suites that need foreign programs. */
const foreignNames = ['describeForeign', 'foreignCommand', 'mosquittoClient', 'python', 'startMosquitto']
const validName = new RegExp(`^[a-z0-9-]+(\\.(${tiers.join('|')}))?\\.test\\.ts$`)

/** Returns a line per test file whose name does not match the tier of its imports, including those of its helpers. */
export function tierFaults(sources: Sources): readonly string[] {
  return Object.keys(sources)
    .filter((path) => path.endsWith('.test.ts'))
    .flatMap((path) => {
      const imported = foreignImports(path, sources)
      const isForeign = imported.includes('describeForeign')
      const tier = tierOf(path)
      if (!validName.test(basename(path))) return [`${path}: the name has no valid tier`]
      if (tier === 'check' && imported.length > 0)
        return [`${path} imports ${imported.join(', ')}: name it *.interop.test.ts`]
      if (tier === 'interop' && !isForeign) return [`${path} has no describeForeign: name it *.test.ts`]
      if (imported.length > 0 && !isForeign)
        return [`${path} imports ${imported.join(', ')}: name the programs with describeForeign`]
      return []
    })
}

/** Returns the `foreignNames` that a file imports, directly or through other files. */
function foreignImports(path: string, sources: Sources): readonly string[] {
  const seen = new Set<string>()
  const found = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, names = '', specifier = ''] of (sources[file] ?? '').matchAll(
      /^import ([^']*) from '([^']+)'/gm,
    )) {
      if (specifier.startsWith('.')) visit(join(file, '..', specifier.replace(/\.js$/, '.ts')))
      if (specifier !== '@antiphon/workshop') continue
      for (const name of foreignNames) if (new RegExp(`\\b${name}\\b`).test(names)) found.add(name)
    }
  }
  visit(path)
  return [...found].sort()
}
