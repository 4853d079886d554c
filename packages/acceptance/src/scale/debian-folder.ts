import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NotRun } from '../frame/section.js'

/** A Debian of another release in a folder of its own, whose programs run here. */
export interface DebianFolder {
  /** Starts a program inside it, as leader of a process group; its output goes to a file there. */
  readonly start: (log: string, environment: Environment, command: readonly string[]) => ChildProcess
  /** Runs a program inside it to its end, and says what it printed. */
  readonly run: (environment: Environment, command: readonly string[]) => string
  /** An empty folder inside it: how it is called in there, and from here. */
  readonly folder: (name: string) => Promise<{ readonly inside: string; readonly outside: string }>
}

/** Variables of a program. */
export type Environment = Readonly<Record<string, string>>

/** The release that has clusters of both brokers, and their packages in it. */
const release = 'trixie'
const packages = ['rabbitmq-server', 'ejabberd']

/** What keeps this machine from having one; `undefined` where nothing does. */
export function lackForDebian(): NotRun | undefined {
  const what = 'clusters of RabbitMQ and ejabberd'
  if (process.getuid?.() !== 0) return { what, remedy: 'run it as root: the brokers live in a chroot' }
  if (spawnSync('debootstrap', ['--version']).error !== undefined && !existsSync('/usr/bin/apt-get'))
    return { what, remedy: 'install debootstrap' }
  return undefined
}

/** The Debian in this folder, brought there on first use, which takes some minutes. */
export async function debianFolder(root: string, progress: (text: string) => void): Promise<DebianFolder> {
  if (!existsSync(root)) await install(root, progress)
  const inside = (environment: Environment, command: readonly string[]): readonly string[] => [
    root,
    'env',
    '-i',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...command,
  ]
  return {
    start: (log, environment, command) => {
      const [program = '', ...args] = command
      const line = ['sh', '-c', 'exec "$0" "$@" > "$LOG" 2>&1', program, ...args]
      return spawn('chroot', inside({ ...environment, LOG: log }, line), { detached: true, stdio: 'ignore' })
    },
    run: (environment, command) => {
      const { stdout, stderr, status } = spawnSync('chroot', inside(environment, command), {
        encoding: 'utf8',
        timeout: 60_000,
      })
      if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stdout}${stderr}`)
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

async function install(root: string, progress: (text: string) => void): Promise<void> {
  // Under another name until it is whole, so that one broken off is not taken for it.
  const draft = `${root}.draft`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true })
  if (spawnSync('debootstrap', ['--version']).error !== undefined) {
    progress('install debootstrap')
    call('apt-get', ['-qq', 'update'])
    call('apt-get', ['-qq', 'install', '--yes', '--no-install-recommends', 'debootstrap'])
  }
  progress(`fetch Debian ${release}`)
  call('debootstrap', ['--variant=minbase', release, draft])
  // No service is to be started in there, and a folder that can be made again need not be written safely.
  const policy = join(draft, 'usr/sbin/policy-rc.d')
  await writeFile(policy, '#!/bin/sh\nexit 101\n')
  await chmod(policy, 0o755)
  await writeFile(join(draft, 'etc/dpkg/dpkg.cfg.d/unsafe-io'), 'force-unsafe-io\n')
  progress(`install ${packages.join(', ')}`)
  call('chroot', [draft, 'apt-get', '-qq', 'install', '--yes', '--no-install-recommends', ...packages])
  await rename(draft, root)
}

function call(program: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 2 ** 20,
  })
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`)
}
