// Runs the project's version of pnpm by npm, without installing it: `node packages/workshop/bin/pnpm.mjs <arguments>`.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Runs pnpm in the repository with its output on the terminal, and returns its exit code.
 *
 * @param {readonly string[]} args
 * @returns {number}
 */
export function pnpm(args) {
  const { engines } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  // The oldest supported version, so that all machines use the same.
  const version = engines.pnpm.replace(/^\D+/, '')
  const npm = process.env['npm_execpath'] ?? ''
  // If npm runs this program, its path is in the environment; otherwise npm is on the PATH.
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
  if (error !== undefined) console.error(`cannot run npm: ${error.message}`)
  return status ?? 1
}

// All arguments, --help included, are passed to pnpm.
if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = pnpm(process.argv.slice(2))
