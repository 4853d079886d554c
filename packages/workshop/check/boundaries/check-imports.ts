import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packagesOf } from '../workspace.js'
import { folderCycles } from './folder-cycles.js'
import { rulesFor } from './rules.js'

/** An import that a rule forbids. */
export interface Violation {
  readonly rule: string
  readonly comment: string
  readonly from: string
  readonly to: string
}

/** The imports of a repository, with the violations of its rules. */
export interface ImportCheck {
  readonly modules: number
  readonly imports: number
  readonly violations: readonly Violation[]
}

/** Checks all imports of a repository's packages and examples, types included, against the rules. */
export async function checkImports(root: string): Promise<ImportCheck> {
  const packages = packagesOf(root)
  const forbidden = rulesFor(packages, root)
  const folders = packages.flatMap(({ folderName }) =>
    ['src', 'test', 'check'].map((part) => `packages/${folderName}/${part}`),
  )
  const { output } = await cruise(
    [...folders, 'examples'].filter((folder) => existsSync(join(root, folder))),
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: [...forbidden] },
      doNotFollow: { path: 'node_modules' },
      exclude: { path: '/(dist|fixtures)/' },
      tsPreCompilationDeps: true,
      combinedDependencies: false,
    },
    { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  )
  const { modules, summary } = output as ICruiseResult
  const forbiddenImports = summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    comment: forbidden.find(({ name }) => name === rule.name)?.comment ?? '',
    from,
    to: cycle === undefined ? to : cycle.map(({ name }) => name).join(' → '),
  }))
  const cycles = folderCycles(
    modules.map(({ source, dependencies }) => ({
      from: source,
      to: dependencies.map(({ resolved }) => resolved),
    })),
  )
  return {
    modules: summary.totalCruised,
    imports: summary.totalDependenciesCruised ?? 0,
    violations: [
      ...forbiddenImports,
      ...cycles.map((imports) => ({
        ...folderCycleRule,
        from: imports[0]?.from ?? '',
        to: imports.map(({ from, to }, index) => (index === 0 ? to : `${from} → ${to}`)).join(', '),
      })),
    ],
  }
}

/** The rule that dependency-cruiser cannot express, because each file directly in `src` counts as a folder of its own. */
const folderCycleRule = {
  rule: 'no-folder-cycle',
  comment:
    'Folders of a package must not import each other in a cycle, types included: move what both need to a third folder.',
}
