// Runs the project's pnpm by way of npm, so that nobody has to install it: `node packages/workshop/bin/pnpm.mjs <arguments>`.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Runs pnpm in the repository, its output going to the terminal, and returns its exit code.
 *
 * @param {readonly string[]} args
 * @returns {number}
 */
export function pnpm(args) {
  const { engines } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  // The oldest that will do, for one result everywhere.
  const version = engines.pnpm.replace(/^\D+/, '')
  const npm = process.env['npm_execpath'] ?? ''
  // Under npm its own program is known; elsewhere it stands on the PATH, next to Node.
  const [command, ...first] = /npm-cli\.[cm]?js$/.test(npm) ? [process.execPath, npm] : ['npm']
  const { status, error } = spawnSync(
    command,
    [...first, 'exec', '--yes', '--', `pnpm@${version}`, ...args],
    {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32' && command === 'npm',
      env: { ...process.env, npm_config_update_notifier: 'false' },
    },
  )
  if (error !== undefined) console.error(`npm cannot be run: ${error.message}`)
  return status ?? 1
}

// All arguments are pnpm's own, --help included, so none is parsed here.
if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = pnpm(process.argv.slice(2))
