import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const inPackage = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** The command as it is published: a bundle in a folder of its own. */
export interface BundledProgram {
  readonly file: string
  readonly remove: () => void
}

/** Bundles the command as `prepack` does. */
export function bundleProgram(): BundledProgram {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
  mkdirSync(join(folder, 'dist'))
  copyFileSync(inPackage('package.json'), join(folder, 'package.json'))
  const { status, stderr } = spawnSync(process.execPath, [inPackage('bundle.mjs'), join(folder, 'dist')])
  if (status !== 0) throw new Error(`cannot bundle the command: ${stderr.toString()}`)
  return {
    file: join(folder, 'dist', 'antiphon.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Returns the text of a file of the bundle and of all files that it imports statically. */
export function staticImportsOf(file: string, seen: Set<string> = new Set()): string {
  if (seen.has(file)) return ''
  seen.add(file)
  const text = readFileSync(file, 'utf8')
  const imports = [...text.matchAll(/(?:from|import) "(\.[^"]+)";/g)].map(([, path = '']) => path)
  return text + imports.map((path) => staticImportsOf(join(dirname(file), path), seen)).join('')
}

/** A running process of the command. */
export interface RunningProcess {
  readonly child: ChildProcess
  /** Resolves when the output contains the text. */
  readonly printed: (text: string) => Promise<void>
  readonly ended: Promise<{
    readonly code: number | null
    readonly stdout: string
    readonly stderr: string
  }>
}

/** Starts the bundled command as a process. */
export function startProcess(
  { file }: BundledProgram,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningProcess {
  const child = spawn(process.execPath, [file, ...args], { env: { ...process.env, ...env } })
  const output = { stdout: '', stderr: '' }
  const changed = new EventTarget()
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => {
      output[name] += chunk.toString()
      changed.dispatchEvent(new Event('change'))
    })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }))
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if ((output.stdout + output.stderr).includes(text)) resolve()
      }
      changed.addEventListener('change', check)
      void ended.then(() => reject(new Error(`ended without "${text}": ${output.stdout}${output.stderr}`)))
      check()
    })
  return { child, printed, ended }
}
