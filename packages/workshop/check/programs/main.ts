import { foreign, foreignPrograms, installCommands } from '@antiphon/workshop'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { noteMark } from '../step.js'

/** What keeps each of them quiet, and short where there is no network. */
const manners: Readonly<Record<string, readonly string[]>> = {
  'apt-get': ['-qq', '-o', 'Dpkg::Use-Pty=0', '--no-install-recommends'],
  npm: ['--silent', '--no-audit', '--no-fund', '--fetch-retries=0'],
}

// Installs the programs of the tests where that is ours to do: as root, on Debian.
const isMissing = (program: (typeof foreignPrograms)[number]): boolean => !foreign(program)
const mayInstall =
  process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')

if (mayInstall) {
  for (const [command, ...args] of installCommands(foreignPrograms.filter(isMissing))) {
    console.log(`${command} ${args.join(' ')}`)
    if (command === 'apt-get') run(command, 'update')
    run(command, ...args)
  }
}
// What is missing still is for the tests to say: in CI it fails them, elsewhere they name what did not run.
const lacking = foreignPrograms.filter(isMissing)
console.log(`${noteMark}${lacking.length === 0 ? 'all there' : `without ${lacking.join(', ')}`}`)

function run(command: string, ...args: readonly string[]): void {
  spawnSync(command, [...args, ...(manners[command] ?? [])], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
