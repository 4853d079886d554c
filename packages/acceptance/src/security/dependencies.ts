import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { NotRun } from '../frame/section.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** What the registry knows against the packages that users get. */
export interface Advisories {
  readonly found: readonly string[]
  readonly notRun: readonly NotRun[]
}

/** Asks the registry whether anything is known against the production dependencies. */
export async function askForAdvisories(): Promise<Advisories> {
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
          remedy: 'run it where the registry answers `pnpm audit`',
        },
      ],
    }
  return { found: report, notRun: [] }
}

/** The advisories in what `pnpm audit --json` printed; `undefined` where it printed something else. */
export function readReport(printed: string): readonly string[] | undefined {
  try {
    const report = JSON.parse(printed) as { readonly advisories?: Readonly<Record<string, Advisory>> }
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
