import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { benchPath, cachePath } from './paths.js'

/** Returns an absolute path in the folder that the contestants are installed in. */
export const contestantsPath = (...path: readonly string[]): string => cachePath('contestants', ...path)

interface Manifest {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

const manifestAt = (file: string): Manifest => JSON.parse(readFileSync(file, 'utf8')) as Manifest

/** Returns the names of the contestants' packages. */
export function contestantDependencies(): string[] {
  return Object.keys(manifestAt(benchPath('contestants', 'package.json')).dependencies ?? {})
}

/** Returns the installed version of a contestant's package. */
export function installedVersion(name: string): string {
  const file = contestantsPath('node_modules', name, 'package.json')
  return existsSync(file) ? (manifestAt(file).version ?? 'unknown') : 'not installed'
}

/** Installs the contestants at their pinned versions, once. If that fails, their rows report the missing package. */
export function installContestants(): void {
  const pinned = readFileSync(benchPath('contestants', 'package-lock.json'), 'utf8')
  const lock = contestantsPath('package-lock.json')
  const isDone =
    existsSync(lock) &&
    readFileSync(lock, 'utf8') === pinned &&
    existsSync(contestantsPath('node_modules', '.package-lock.json'))
  if (isDone) return
  console.log('installing the contestants (once) …')
  mkdirSync(contestantsPath(), { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(benchPath('contestants', name), contestantsPath(name))
  }
  // No package needs its install script: aws-crt, the only one with a script, contains its binaries.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', args, { cwd: contestantsPath(), stdio: 'inherit' })
  if (status !== 0) console.log('cannot install the contestants: their rows will be missing')
}

const natsFolder = cachePath('nats-server')
const natsPlaces = ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server']

/** Returns the path of nats-server: the installed one, or that of Debian's package, unpacked into the cache. */
export function natsServer(): string {
  const unpacked = join(natsFolder, 'usr', 'sbin', 'nats-server')
  const found = [unpacked, ...natsPlaces].find((path) => existsSync(path))
  if (found !== undefined) return found
  if (!existsSync('/usr/bin/apt-get'))
    throw new Error('nats-server is not installed: install it, or use a machine with apt-get')
  console.log("fetching nats-server from Debian's packages (once) …")
  rmSync(natsFolder, { recursive: true, force: true })
  mkdirSync(natsFolder, { recursive: true })
  const options = { cwd: natsFolder, stdio: 'ignore' } as const
  // Downloading works without root. The package list may be outdated, and only root can update it.
  if (spawnSync('apt-get', ['download', 'nats-server'], options).status !== 0) {
    spawnSync('apt-get', ['-qq', 'update'], options)
    spawnSync('apt-get', ['download', 'nats-server'], options)
  }
  const file = readdirSync(natsFolder).find((name) => name.endsWith('.deb'))
  if (file === undefined) throw new Error('nats-server is not installed, and apt-get cannot fetch it')
  execFileSync('dpkg-deb', ['-x', file, '.'], options)
  return unpacked
}

/** Returns the version of nats-server. */
export function natsVersion(): string {
  try {
    return /v([\d.]+)/.exec(execFileSync(natsServer(), ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown'
  } catch {
    return 'not installed'
  }
}
