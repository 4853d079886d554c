import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { inBench, inCache } from './places.js'

/** An absolute path in the folder that the contestants are installed in. */
export const inContestants = (...path: readonly string[]): string => inCache('contestants', ...path)

interface Manifest {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

const manifestAt = (file: string): Manifest => JSON.parse(readFileSync(file, 'utf8')) as Manifest

/** The packages of the contestants, by name. */
export function contestantDependencies(): string[] {
  return Object.keys(manifestAt(inBench('contestants', 'package.json')).dependencies ?? {})
}

/** The version of a package that is installed for a contestant. */
export function installedVersion(name: string): string {
  const file = inContestants('node_modules', name, 'package.json')
  return existsSync(file) ? (manifestAt(file).version ?? 'unknown') : 'not installed'
}

/** Installs the contestants as their lockfile pins them, where that is not done yet; without them the run says so. */
export function installContestants(): void {
  const pinned = readFileSync(inBench('contestants', 'package-lock.json'), 'utf8')
  const lock = inContestants('package-lock.json')
  const isDone =
    existsSync(lock) &&
    readFileSync(lock, 'utf8') === pinned &&
    existsSync(inContestants('node_modules', '.package-lock.json'))
  if (isDone) return
  console.log('install the contestants, once …')
  mkdirSync(inContestants(), { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(inBench('contestants', name), inContestants(name))
  }
  // None of them needs its script: the only one that has one brings its binaries.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', args, { cwd: inContestants(), stdio: 'inherit' })
  if (status !== 0) console.log('they cannot be installed here')
}

const natsFolder = inCache('nats-server')
const natsPlaces = ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server']

/** The path of nats-server: the machine's, or that of Debian's package, unpacked into a folder of its own. */
export function natsServer(): string {
  const ours = join(natsFolder, 'usr', 'sbin', 'nats-server')
  const found = [ours, ...natsPlaces].find((path) => existsSync(path))
  if (found !== undefined) return found
  if (!existsSync('/usr/bin/apt-get')) throw new Error('nats-server is not installed')
  console.log("fetch nats-server from Debian's packages, once …")
  rmSync(natsFolder, { recursive: true, force: true })
  mkdirSync(natsFolder, { recursive: true })
  const options = { cwd: natsFolder, stdio: 'ignore' } as const
  // Both work without root; the list of packages may be old or missing, and only root may renew it.
  if (spawnSync('apt-get', ['download', 'nats-server'], options).status !== 0) {
    spawnSync('apt-get', ['-qq', 'update'], options)
    spawnSync('apt-get', ['download', 'nats-server'], options)
  }
  const file = readdirSync(natsFolder).find((name) => name.endsWith('.deb'))
  if (file === undefined) throw new Error('nats-server is not installed, and apt-get cannot fetch it')
  execFileSync('dpkg-deb', ['-x', file, '.'], options)
  return ours
}

/** The version that nats-server says it has. */
export function natsVersion(): string {
  try {
    return /v([\d.]+)/.exec(execFileSync(natsServer(), ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown'
  } catch {
    return 'not installed'
  }
}
