import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that tests use and that is not part of this repository. */
export type ForeignProgram =
  | 'mosquitto'
  | 'mosquitto_passwd'
  | 'mosquitto-clients'
  | 'python3-paho-mqtt'
  | 'chromium'
  | 'util-linux'
  | 'faketime'
  | 'jest'
  | 'deno'
  | 'bun'
  | 'workerd'

/** How a program is found and installed. */
interface Installation {
  /** The commands to look for; the first found is used. */
  readonly commands: readonly string[]
  /** The Debian package that contains it. */
  readonly debian?: string
  /** The npm package that contains it, with the tested version. */
  readonly npm?: string
}

const installations: Readonly<Record<ForeignProgram, Installation>> = {
  mosquitto: { commands: ['mosquitto'], debian: 'mosquitto' },
  mosquitto_passwd: { commands: ['mosquitto_passwd'], debian: 'mosquitto' },
  'mosquitto-clients': { commands: ['mosquitto_rr'], debian: 'mosquitto-clients' },
  'python3-paho-mqtt': { commands: ['python3'], debian: 'python3-paho-mqtt' },
  chromium: { commands: ['chromium', 'chromium-browser', 'google-chrome'], debian: 'chromium' },
  'util-linux': { commands: ['prlimit'], debian: 'util-linux' },
  faketime: { commands: ['faketime'], debian: 'faketime' },
  jest: { commands: ['jest'], npm: 'jest@30.5.2' },
  deno: { commands: ['deno'], npm: 'deno@2.9.6' },
  bun: { commands: ['bun'], npm: 'bun@1.4.5' },
  workerd: { commands: ['workerd'], npm: 'workerd@1.20261117.1' },
}

/** All foreign programs. */
export const foreignPrograms: readonly ForeignProgram[] = Object.keys(installations) as ForeignProgram[]

// Debian installs brokers in /usr/sbin, which is on the PATH of root only.
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

/** Returns the path of the program's command, or `undefined` if it is not installed. */
export function foreignCommand(program: ForeignProgram): string | undefined {
  const { commands = [] } = (installations as Readonly<Partial<typeof installations>>)[program] ?? {}
  const found = commands.flatMap((name) => folders.map((folder) => join(folder, name))).filter(isExecutable)
  // Debian's paho module belongs to Debian's Python; another Python may be first on the PATH.
  return program === 'python3-paho-mqtt' ? found.find(hasPaho) : found[0]
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
  const debian = packagesFrom('debian')
  const npm = packagesFrom('npm')
  return [
    ...(debian.length === 0 ? [] : [['apt-get', 'install', '-y', ...debian] as const]),
    ...(npm.length === 0 ? [] : [['npm', 'install', '--global', ...npm] as const]),
  ]
}

function hasPaho(python: string): boolean {
  return spawnSync(python, ['-c', 'import paho.mqtt.client']).status === 0
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
