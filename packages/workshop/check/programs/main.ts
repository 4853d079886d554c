import { foreignPrograms, installCommands, isInstalled } from '@antiphon/workshop'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { noteMark } from '../step.js'

/** Options that keep each command quiet, and short if there is no network. */
const quietOptions: Readonly<Record<string, readonly string[]>> = {
  'apt-get': ['-qq', '-o', 'Dpkg::Use-Pty=0', '--no-install-recommends'],
  npm: ['--silent', '--no-audit', '--no-fund', '--fetch-retries=0'],
}

// Installs the programs of the tests as root on Debian; elsewhere that is for the user to do.
const isMissing = (program: (typeof foreignPrograms)[number]): boolean => !isInstalled(program)
const mayInstall =
  process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')

if (mayInstall) {
  for (const [command, ...args] of installCommands(foreignPrograms.filter(isMissing))) {
    console.log(`${command} ${args.join(' ')}`)
    if (command === 'apt-get') run(command, 'update')
    run(command, ...args)
  }
}
// A program that is still missing is no failure here: in CI it fails the interop tier, elsewhere suites do not run.
const missing = foreignPrograms.filter(isMissing)
console.log(`${noteMark}${missing.length === 0 ? 'all installed' : `without ${missing.join(', ')}`}`)

function run(command: string, ...args: readonly string[]): void {
  spawnSync(command, [...args, ...(quietOptions[command] ?? [])], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
