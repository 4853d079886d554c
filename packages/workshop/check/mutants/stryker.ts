import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { inCache, inRoot } from '../workspace.js'
import type { MutantsArguments } from './arguments.js'
import type { MutationReport } from './counts.js'
import type { Selection } from './selection.js'
import { workspaceCopy } from './workspace-copy.js'

/** Returns the path of the page that shows each mutant of a package in its source. */
export const pageFor = (name: string): string => inCache('mutants', `${name}.html`)

/** Runs Stryker on sources of one package, in the copy of the workspace, and returns its report. */
export async function runStryker(
  { name, files }: Selection,
  { isFresh, concurrency }: MutantsArguments,
): Promise<MutationReport> {
  const reportFile = inCache('mutants', `${name}.json`)
  await rm(reportFile, { force: true })
  const code = await run(
    [
      ...['run', '.config/stryker.config.js', '--mutate', files.join(',')],
      ...(isFresh ? ['--force'] : []),
      ...(concurrency === undefined ? [] : ['--concurrency', `${concurrency}`]),
    ],
    // The configurations of Stryker and vitest read this variable.
    { ...process.env, ANTIPHON_MUTANTS: name },
  )
  if (code !== 0) throw new Error(`cannot mutate packages/${name}: Stryker exited with ${code}`)
  return JSON.parse(await readFile(reportFile, 'utf8')) as MutationReport
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const manifest = createRequire(inRoot('package.json')).resolve('@stryker-mutator/core/package.json')
  const program = join(dirname(manifest), 'bin', 'stryker.js')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: workspaceCopy, env, stdio: 'inherit' })
    // Stryker stops its workers, and this process then removes the copy.
    const stop = (): void => void child.kill('SIGTERM')
    const signals = ['SIGINT', 'SIGTERM'] as const
    for (const signal of signals) process.once(signal, stop)
    child.once('error', reject)
    child.once('close', (code) => {
      for (const signal of signals) process.off(signal, stop)
      resolve(code ?? 1)
    })
  })
}
