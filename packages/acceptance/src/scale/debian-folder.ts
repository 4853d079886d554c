import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { NotRun } from '../frame/section.js'

/** A Debian of another release in a folder, whose programs run by chroot. */
export interface DebianFolder {
  /** Starts a program in the chroot, as leader of a process group; its output goes to the file `log` in the chroot. */
  readonly start: (log: string, environment: Environment, command: readonly string[]) => ChildProcess
  /** Runs a program in the chroot to its end, and returns its output. */
  readonly run: (environment: Environment, command: readonly string[]) => Promise<string>
  /** Creates an empty folder and returns its path inside and outside the chroot. */
  readonly folder: (name: string) => Promise<{ readonly inside: string; readonly outside: string }>
}

/** Environment variables of a program. */
export type Environment = Readonly<Record<string, string>>

/** A release with packages of both brokers. */
const release = 'trixie'
const packages = ['rabbitmq-server', 'ejabberd']

/** Returns why this machine cannot have a Debian folder; `undefined` if it can. */
export function debianRequirement(what: string): NotRun | undefined {
  if (process.getuid?.() !== 0) return { what, remedy: 'run it as root: the brokers live in a chroot' }
  if (spawnSync('debootstrap', ['--version']).error !== undefined && !existsSync('/usr/bin/apt-get'))
    return { what, remedy: 'install debootstrap' }
  return undefined
}

const root = fileURLToPath(new URL('../../../../.cache/debian', import.meta.url))

/** Returns the Debian in its folder below `.cache`. The first call installs it, which takes some minutes. */
export async function debianFolder(progress: (text: string) => void): Promise<DebianFolder> {
  if (!existsSync(root)) await install(progress)
  const inside = (environment: Environment, command: readonly string[]): readonly string[] => [
    root,
    'env',
    '-i',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    // The mark by which the guard of this run finds its processes.
    `ANTIPHON_RUN=${process.env['ANTIPHON_RUN'] ?? ''}`,
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...command,
  ]
  return {
    start: (log, environment, command) => {
      const [program = '', ...args] = command
      const line = ['sh', '-c', 'exec "$0" "$@" > "$LOG" 2>&1', program, ...args]
      return spawn('chroot', inside({ ...environment, LOG: log }, line), { detached: true, stdio: 'ignore' })
    },
    run: async (environment, command) => {
      const { stdout } = await execute('chroot', inside(environment, command), { timeout: 60_000 })
      return stdout
    },
    folder: async (name) => {
      const outside = join(root, 'run', 'antiphon', name)
      await rm(outside, { recursive: true, force: true })
      await mkdir(outside, { recursive: true })
      return { inside: `/run/antiphon/${name}`, outside }
    },
  }
}

/** Runs a program to its end; rejects with its output if it fails. */
const execute = promisify(execFile)

async function install(progress: (text: string) => void): Promise<void> {
  // Installed under another name, so that an interrupted installation is not used.
  const draft = `${root}.draft`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true })
  if (spawnSync('debootstrap', ['--version']).error !== undefined) {
    progress('install debootstrap')
    await runHostCommand('apt-get', ['-qq', 'update'])
    await runHostCommand('apt-get', ['-qq', 'install', '--yes', '--no-install-recommends', 'debootstrap'])
  }
  progress(`fetch Debian ${release}`)
  await runHostCommand('debootstrap', ['--variant=minbase', release, draft])
  // Forbids services to start, and skips fsync: the folder can be installed again at any time.
  const policy = join(draft, 'usr/sbin/policy-rc.d')
  await writeFile(policy, '#!/bin/sh\nexit 101\n')
  await chmod(policy, 0o755)
  await writeFile(join(draft, 'etc/dpkg/dpkg.cfg.d/unsafe-io'), 'force-unsafe-io\n')
  progress(`install ${packages.join(', ')}`)
  await runHostCommand('chroot', [
    draft,
    'apt-get',
    '-qq',
    'install',
    '--yes',
    '--no-install-recommends',
    ...packages,
  ])
  await rename(draft, root)
}

/** It must not block: measures on another broker run at the same time. */
async function runHostCommand(program: string, args: readonly string[]): Promise<void> {
  await execute(program, args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 2 ** 20,
  })
}
