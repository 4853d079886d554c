import { spawnSync } from 'node:child_process'
import { accessSync, appendFileSync, constants, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

/** A program the tests use and this repository does not bring, by the name of the package it comes in. */
export type ForeignProgram =
  | 'mosquitto'
  | 'mosquitto-clients'
  | 'python3-paho-mqtt'
  | 'chromium'
  | 'openssl'
  | 'util-linux'
  | 'faketime'
  | 'jest'

/** A suite that did not run: its name and the programs that it lacked. One line of JSON each. */
export interface NotRun {
  readonly suite: string
  readonly needs: readonly ForeignProgram[]
}

/** The commands to look for, the first found wins. */
const commands: Readonly<Record<string, readonly string[]>> = {
  mosquitto: ['mosquitto'],
  'mosquitto-clients': ['mosquitto_rr'],
  'python3-paho-mqtt': ['python3'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
  openssl: ['openssl'],
  'util-linux': ['prlimit'],
  faketime: ['faketime'],
  jest: ['jest'],
}

/** Those that npm has, in the version that was tried; all others are Debian's. */
const fromNpm: Readonly<Partial<Record<ForeignProgram, string>>> = { jest: 'jest@30.5.2' }

/** All of them. */
export const foreignPrograms: readonly ForeignProgram[] = Object.keys(commands) as ForeignProgram[]

// Brokers live where only root's PATH leads.
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

/** The file that names the suites which did not run: `ANTIPHON_NOT_RUN`, or `.cache/not-run.json` of the repository. */
export function notRunFile(): string {
  return (
    process.env['ANTIPHON_NOT_RUN'] ?? fileURLToPath(new URL('../../../.cache/not-run.json', import.meta.url))
  )
}

/** The path of the program's command, or `undefined` where this machine lacks it. */
export function foreignCommand(program: ForeignProgram): string | undefined {
  const found = (commands[program] ?? [])
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .filter(isExecutable)
  // Debian's module belongs to Debian's Python, and another one may come first on the PATH.
  return program === 'python3-paho-mqtt' ? found.find(hasPaho) : found[0]
}

/** Whether this machine has the program. */
export function foreign(program: ForeignProgram): boolean {
  return foreignCommand(program) !== undefined
}

/** What installs programs: each command with its arguments, for a user who may. */
export function installCommands(
  programs: readonly ForeignProgram[],
): readonly (readonly [command: string, ...args: string[]])[] {
  const debian = programs.filter((program) => fromNpm[program] === undefined)
  const npm = programs.flatMap((program) => fromNpm[program] ?? [])
  return [
    ...(debian.length === 0 ? [] : [['apt-get', 'install', '-y', ...debian] as const]),
    ...(npm.length === 0 ? [] : [['npm', 'install', '--global', ...npm] as const]),
  ]
}

/**
 * A `describe` for suites that need foreign programs.
 *
 * Where the machine has them, the suite is registered. Where it lacks one, under `CI=true` a test that fails and says
 * how to install it takes the suite's place; elsewhere nothing is registered, and a line of JSON (`NotRun`) is
 * appended to `notRunFile()`, so that the test command can name at its end what did not run.
 */
export function describeForeign(programs: readonly ForeignProgram[], name: string, body: () => void): void {
  const needs = programs.filter((program) => !foreign(program))
  if (needs.length === 0) {
    describe(name, body)
  } else if (process.env['CI'] === 'true') {
    it(name, () => {
      const how = installCommands(needs).map((words) => words.join(' '))
      throw new Error(`needs ${needs.join(', ')}: ${how.join(' && ')}`)
    })
  } else {
    const line: NotRun = { suite: name, needs }
    mkdirSync(dirname(notRunFile()), { recursive: true })
    appendFileSync(notRunFile(), `${JSON.stringify(line)}\n`)
  }
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
