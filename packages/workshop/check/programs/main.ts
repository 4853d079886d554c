import { foreignPrograms, installCommands, isInstalled } from '@antiphon/workshop'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { noteMark } from '../step.js'

/** Options that keep each command quiet, and short if there is no network. */
const quietOptions: Readonly<Record<string, readonly string[]>> = {
  'apt-get': ['-qq', '-o', 'Dpkg::Use-Pty=0', '--no-install-recommends'],
  npm: ['--silent', '--no-audit', '--no-fund', '--fetch-retries=0'],
}

// The programs of the tests are installed only as root on Debian.
const isMissing = (program: (typeof foreignPrograms)[number]): boolean => !isInstalled(program)
const canInstall =
  process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')

if (canInstall) {
  for (const [command, ...args] of installCommands(foreignPrograms.filter(isMissing))) {
    console.log(`${command} ${args.join(' ')}`)
    if (command === 'apt-get') run(command, 'update')
    run(command, ...args)
  }
}
// A missing program does not fail this step: in CI it fails the interop step, elsewhere its suites do not run.
const missing = foreignPrograms.filter(isMissing)
console.log(`${noteMark}${missing.length === 0 ? 'all installed' : `without ${missing.join(', ')}`}`)

function run(command: string, ...args: readonly string[]): void {
  spawnSync(command, [...args, ...(quietOptions[command] ?? [])], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
