// Makes a fresh clone ready with Node and npm alone.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeFault } from './node-range.mjs'
import { pnpm, root } from './pnpm.mjs'

const stamp = join(root, '.cache', 'installed')

/**
 * Installs what the workspace needs, unless that has been done for this very lockfile. Ends the process where it cannot.
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
  console.log('Installing what the workspace needs (once, and again when pnpm-lock.yaml changes) …')
  const code = pnpm(['install', '--frozen-lockfile', '--config.confirm-modules-purge=false'])
  if (code !== 0) {
    console.error('The installation failed; its messages stand above.')
    process.exit(code)
  }
  mkdirSync(join(root, '.cache'), { recursive: true })
  writeFileSync(stamp, state)
}

/**
 * Runs a TypeScript file of the workspace, its output going to the terminal, and resolves with its exit code.
 *
 * Ctrl-C is for the program to answer, which may have something to bring to an end.
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
  // A terminal gives Ctrl-C to everything in it by itself.
  process.on('SIGINT', () => void (process.stdin.isTTY || child.kill('SIGINT')))
  process.on('SIGTERM', () => void child.kill('SIGTERM'))
  const [code] = await once(child, 'exit')
  return code ?? 1
}
