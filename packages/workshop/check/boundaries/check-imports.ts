import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packagesOf } from '../workspace.js'
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
  const { summary } = output as ICruiseResult
  return {
    modules: summary.totalCruised,
    imports: summary.totalDependenciesCruised ?? 0,
    violations: summary.violations.map(({ rule, from, to, cycle }) => ({
      rule: rule.name,
      comment: forbidden.find(({ name }) => name === rule.name)?.comment ?? '',
      from,
      to: cycle === undefined ? to : cycle.map(({ name }) => name).join(' → '),
    })),
  }
}
