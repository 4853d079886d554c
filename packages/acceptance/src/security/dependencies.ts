import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { NotRun } from '../frame/section.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** Security advisories against the production dependencies. */
export interface Advisories {
  readonly found: readonly string[]
  readonly notRun: readonly NotRun[]
}

/** Runs `pnpm audit` for the production dependencies. */
export async function auditDependencies(): Promise<Advisories> {
  const pnpm = [
    fileURLToPath(new URL('packages/workshop/bin/pnpm.mjs', `file://${root}`)),
    'audit',
    '--prod',
    '--json',
  ]
  const { stdout } = await run(process.execPath, pnpm, { cwd: root, maxBuffer: 16 * 2 ** 20 }).catch(
    (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  )
  const report = readReport(stdout)
  if (report === undefined)
    return {
      found: [],
      notRun: [
        {
          what: 'the audit of production dependencies',
          remedy: 'run it with a registry that supports `pnpm audit`',
        },
      ],
    }
  return { found: report, notRun: [] }
}

/** Returns the advisories in the output of `pnpm audit --json`; `undefined` if the output is not a report. */
export function readReport(output: string): readonly string[] | undefined {
  try {
    const report = JSON.parse(output) as { readonly advisories?: Readonly<Record<string, Advisory>> }
    if (report.advisories === undefined) return undefined
    return Object.values(report.advisories).map(
      ({ module_name, severity, title }) => `${module_name}: ${title} (${severity})`,
    )
  } catch {
    return undefined
  }
}

interface Advisory {
  readonly module_name: string
  readonly severity: string
  readonly title: string
}
