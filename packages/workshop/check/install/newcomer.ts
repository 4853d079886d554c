import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../run-command.js'
import { inRoot } from '../workspace.js'
import { stepsIn } from './readme-steps.js'

/** The versions that can be installed: tarballs of this repository, and other packages. */
export interface Versions {
  readonly tarballs: Readonly<Record<string, string>>
  readonly others: Readonly<Record<string, string>>
}

/** How often a requester is run: it fails if the responder has not subscribed yet. */
const attempts = 10

/**
 * Follows the README from two empty folders: runs its commands in two terminals, then installs its packages, and runs its files.
 * Only the port of the broker is another. Throws with what went wrong.
 */
export async function followReadme({ tarballs, others }: Versions): Promise<void> {
  const { terminals, packages, files } = stepsIn(await readFile(inRoot('README.md'), 'utf8'))
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-newcomer-'))
  const shell = join(folder, 'shell')
  const project = join(folder, 'project')
  const antiphon = join(shell, 'node_modules', '@antiphon', 'cli', 'dist', 'antiphon.js')
  const programs: ChildProcess[] = []
  try {
    await install(shell, ['@antiphon/cli'])
    const listening = await start(shell, [antiphon, 'broker', '--port', '0']).line(/mqtt:\S+/)
    const url = listening.replace('127.0.0.1', 'localhost')
    for (const { serve, request, output } of terminals) {
      await start(shell, [antiphon, ...serve, '--url', url]).line(/^serving/)
      await expectOutput(shell, [antiphon, ...request, '--url', url], output)
    }
    await install(project, packages)
    for (const { name, code } of files)
      await writeFile(join(project, name), code.replaceAll('mqtt://localhost:1883', url))
    for (const { name, role } of files) if (role === 'responder') start(project, [name])
    for (const { name, role, output } of files)
      if (role === 'requester') await expectOutput(project, [name], output)
  } finally {
    for (const program of programs) {
      if (program.kill('SIGKILL')) await once(program, 'exit')
    }
    await rm(folder, { recursive: true, force: true })
  }

  async function install(to: string, names: readonly string[]): Promise<void> {
    const versions: Readonly<Record<string, string>> = { ...others, ...tarballs }
    const dependencies = Object.fromEntries(names.map((name) => [name, versions[name] ?? 'latest']))
    await mkdir(to)
    await writeFile(
      join(to, 'package.json'),
      JSON.stringify({ private: true, dependencies, overrides: tarballs }),
    )
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
    const { code, output } = await runCommand('npm', ['install', ...flags], { cwd: to })
    if (code !== 0) throw new Error(`README: cannot install ${names.join(' ')}:\n${output}`)
  }

  function start(
    cwd: string,
    args: readonly string[],
  ): { readonly line: (pattern: RegExp) => Promise<string> } {
    const program = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    programs.push(program)
    let text = ''
    return {
      line: (pattern) =>
        new Promise((resolve, reject) => {
          const append = (chunk: string): void => {
            text += chunk
            const found = pattern.exec(text)
            if (found !== null) resolve(found[0])
          }
          program.stdout.setEncoding('utf8').on('data', append)
          program.stderr.setEncoding('utf8').on('data', append)
          program.once('exit', () => reject(new Error(`README: ${args.join(' ')} ended:\n${text}`)))
        }),
    }
  }
}

async function expectOutput(cwd: string, args: readonly string[], expected: string): Promise<void> {
  let result = await runCommand(process.execPath, args, { cwd })
  for (let attempt = 1; result.code !== 0 && attempt < attempts; attempt += 1)
    result = await runCommand(process.execPath, args, { cwd })
  if (result.code === 0 && result.stdout.trimEnd() === expected) return
  throw new Error(`README: ${args.join(' ')} must print\n${expected}\nbut printed\n${result.output}`)
}
