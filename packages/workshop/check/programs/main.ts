import { foreign, foreignPrograms } from '@antiphon/workshop'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { noteMark } from '../step.js'

// Installs the programs of the tests where that is ours to do: as root, on Debian.
const isMissing = (program: (typeof foreignPrograms)[number]): boolean => !foreign(program)
const missing = foreignPrograms.filter(isMissing)
const mayInstall =
  process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')

if (missing.length > 0 && mayInstall) {
  console.log(`install ${missing.join(', ')} from Debian's packages`)
  aptGet('update')
  aptGet('install', '--yes', '--no-install-recommends', ...missing)
}
// What is missing still is for the tests to say: in CI it fails them, elsewhere they name what did not run.
const lacking = foreignPrograms.filter(isMissing)
console.log(`${noteMark}${lacking.length === 0 ? 'all there' : `without ${lacking.join(', ')}`}`)

function aptGet(...args: readonly string[]): void {
  spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
