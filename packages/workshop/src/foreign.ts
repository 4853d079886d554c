import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A program that tests use and that is not part of this repository. */
export type ForeignProgram =
  | 'mosquitto'
  | 'mosquitto_passwd'
  | 'mosquitto-clients'
  | 'python3-paho-mqtt'
  | 'paho-mqtt-2'
  | 'chromium'
  | 'bash'
  | 'util-linux'
  | 'faketime'
  | 'jest'
  | 'deno'
  | 'bun'
  | 'workerd'
  | 'zigbee2mqtt'

/** How a program is found and installed. */
interface Installation {
  /** The commands to look for; the first found is used. */
  readonly commands: readonly string[]
  /** The Debian package that contains it. */
  readonly debian?: string
  /** The npm package that contains it, with the tested version. */
  readonly npm?: string
  /** The Python package that contains it, with the tested version, and the virtual environment to install it in. */
  readonly python?: { readonly requirement: string; readonly environment: string }
}

/** Debian has version 1 of paho, so that version 2 is installed from PyPI, in an environment of its own. */
const paho2Environment = fileURLToPath(new URL('../../../.cache/foreign/paho-mqtt-2', import.meta.url))

const installations: Readonly<Record<ForeignProgram, Installation>> = {
  mosquitto: { commands: ['mosquitto'], debian: 'mosquitto' },
  mosquitto_passwd: { commands: ['mosquitto_passwd'], debian: 'mosquitto' },
  'mosquitto-clients': { commands: ['mosquitto_rr'], debian: 'mosquitto-clients' },
  'python3-paho-mqtt': { commands: ['python3'], debian: 'python3-paho-mqtt' },
  'paho-mqtt-2': {
    commands: [join(paho2Environment, 'bin', 'python')],
    debian: 'python3-venv',
    python: { requirement: 'paho-mqtt==2.1.0', environment: paho2Environment },
  },
  chromium: { commands: ['chromium', 'chromium-browser', 'google-chrome'], debian: 'chromium' },
  bash: { commands: ['bash'], debian: 'bash' },
  'util-linux': { commands: ['prlimit'], debian: 'util-linux' },
  faketime: { commands: ['faketime'], debian: 'faketime' },
  jest: { commands: ['jest'], npm: 'jest@30.5.2' },
  deno: { commands: ['deno'], npm: 'deno@2.9.6' },
  bun: { commands: ['bun'], npm: 'bun@1.4.5' },
  workerd: { commands: ['workerd'], npm: 'workerd@1.20261117.1' },
  zigbee2mqtt: { commands: ['zigbee2mqtt'], npm: 'zigbee2mqtt@2.14.1' },
}

/** All foreign programs. */
export const foreignPrograms: readonly ForeignProgram[] = Object.keys(installations) as ForeignProgram[]

// Debian installs brokers in /usr/sbin, which is on the PATH of root only.
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

/** Returns the path of the program's command, or `undefined` if it is not installed. */
export function foreignCommand(program: ForeignProgram): string | undefined {
  const { commands = [] } = (installations as Readonly<Partial<typeof installations>>)[program] ?? {}
  const found = commands
    .flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))))
    .filter(isExecutable)
  // Debian's paho module belongs to Debian's Python; another Python may be first on the PATH.
  if (program === 'python3-paho-mqtt') return found.find((python) => hasPaho(python, 1))
  return program === 'paho-mqtt-2' ? found.find((python) => hasPaho(python, 2)) : found[0]
}

/** Whether a program is installed from PyPI. */
export function isFromPyPi(program: ForeignProgram): boolean {
  return installations[program].python !== undefined
}

/** Returns whether the program is installed. */
export function isInstalled(program: ForeignProgram): boolean {
  return foreignCommand(program) !== undefined
}

/** Returns the commands that install programs, each with its arguments; they need root. */
export function installCommands(
  programs: readonly ForeignProgram[],
): readonly (readonly [command: string, ...args: string[]])[] {
  const packagesFrom = (source: 'debian' | 'npm'): readonly string[] => [
    ...new Set(programs.flatMap((program) => installations[program][source] ?? [])),
  ]
  const environments = programs.flatMap((program) => installations[program].python ?? [])
  const debian = packagesFrom('debian')
  const npm = packagesFrom('npm')
  return [
    ...(debian.length === 0 ? [] : [['apt-get', 'install', '-y', ...debian] as const]),
    ...(npm.length === 0 ? [] : [['npm', 'install', '--global', ...npm] as const]),
    ...environments.flatMap(({ environment, requirement }) => [
      ['python3', '-m', 'venv', environment] as const,
      [join(environment, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', requirement] as const,
    ]),
  ]
}

function hasPaho(python: string, version: 1 | 2): boolean {
  const check = `import sys, paho.mqtt as paho; sys.exit(not paho.__version__.startswith("${version}."))`
  return spawnSync(python, ['-c', check]).status === 0
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
