// Installs the dependencies in a fresh clone, with only Node and npm.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeFault } from './node-range.mjs'
import { pnpm, root } from './pnpm.mjs'

const stamp = join(root, '.cache', 'installed')

/**
 * Installs the dependencies of the workspace, unless they are installed for the current lockfile. Exits if that fails.
 *
 * @returns {void}
 */
export function bootstrap() {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const fault = nodeFault(process.versions.node, engines.node)
  if (fault !== undefined) {
    console.error(fault)
    process.exit(1)
  }
  const state = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
  const isReady =
    existsSync(join(root, 'node_modules', '.modules.yaml')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === state
  if (isReady) return
  console.log('Installing dependencies (once, and again when pnpm-lock.yaml changes) …')
  const code = pnpm(['install', '--frozen-lockfile', '--config.confirm-modules-purge=false'])
  if (code !== 0) {
    console.error('Cannot install the dependencies; see the messages above.')
    process.exit(code)
  }
  mkdirSync(join(root, '.cache'), { recursive: true })
  writeFileSync(stamp, state)
}

/**
 * Runs a TypeScript file of the workspace with its output on the terminal, and resolves with its exit code.
 *
 * The program handles Ctrl-C itself, so that it can shut down in order.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export async function runTypeScript(file, args = []) {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, file), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  // A terminal sends Ctrl-C to all its processes, so the signal is forwarded only without a terminal.
  process.on('SIGINT', () => void (process.stdin.isTTY || child.kill('SIGINT')))
  process.on('SIGTERM', () => void child.kill('SIGTERM'))
  const [code] = await once(child, 'exit')
  return code ?? 1
}
