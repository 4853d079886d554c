import { foreign, foreignPrograms } from '@antiphon/workshop'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

// Installs the foreign programs of the tests where that is ours to do: as root, on Debian.
const missing = foreignPrograms.filter((program) => !foreign(program))
const mayInstall =
  process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')

if (missing.length > 0 && mayInstall) {
  console.log(`Installing ${missing.join(', ')} for the tests, from Debian's packages …`)
  aptGet('update')
  aptGet('install', '--yes', '--no-install-recommends', ...missing)
  const still = missing.filter((program) => !foreign(program))
  console.log(still.length === 0 ? 'Installed.' : `Not installed: ${still.join(', ')}`)
}

function aptGet(...args: readonly string[]): void {
  spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}
