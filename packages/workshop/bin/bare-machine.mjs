// `pnpm bare-machine`: runs the check as on a machine that has only Node, npm and git, to prove that it needs nothing else.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { readCommandLine } from './command-line.mjs'
import { root } from './pnpm.mjs'

const help = `pnpm bare-machine: runs the check as on a machine with only Node, npm and git

Usage: pnpm bare-machine [step ...]
Clones the last commit into a temporary folder and runs npm test there (default: all steps), with an empty home, with only node,
npm, git and sh on the PATH, and as an unprivileged user if root runs it.

Options
  --keep      keeps the folder
  -h, --help  prints this help`

const { values, positionals: steps } = readCommandLine(help, {
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false } },
})

/** npm runs scripts by sh. */
const commands = ['node', 'npm', 'git', 'sh']
/** The variables by which npm reaches its registry. */
const networkVariables = /^(npm_config_registry|npm_config_cafile|(https?|no)_proxy|NODE_EXTRA_CA_CERTS)$/i
/** The user and group without rights on Linux. */
const unprivileged = { uid: 65_534, gid: 65_534 }
const user = process.getuid?.() === 0 ? unprivileged : {}

const folder = mkdtempSync(join(tmpdir(), 'antiphon-bare-'))
const [clone, home, bin, temporary] = ['repository', 'home', 'bin', 'tmp'].map((name) => join(folder, name))
try {
  for (const path of [home, bin, temporary]) mkdirSync(path)
  for (const command of commands) symlinkSync(pathOf(command), join(bin, command))
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone], { stdio: 'inherit' })
  if (user === unprivileged) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, folder])

  console.log(`npm test ${steps.join(' ')} in ${clone}`.trim())
  const child = spawn('npm', ['test', ...(steps.length === 0 ? [] : ['--', ...steps])], {
    cwd: clone,
    env: environment(),
    stdio: 'inherit',
    ...user,
  })
  // A terminal sends Ctrl-C to all its processes: the check ends, and then this program.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const [code] = await once(child, 'exit')
  process.exitCode = code ?? 1
} finally {
  if (!values.keep) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

function environment() {
  const kept = Object.entries(process.env).filter(([name]) => networkVariables.test(name))
  return { ...Object.fromEntries(kept), PATH: bin, HOME: home, TMPDIR: temporary }
}

/**
 * Returns the path of a command.
 *
 * @param {string} command
 * @returns {string}
 */
function pathOf(command) {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, command))
    .find(isExecutable)
  if (found === undefined) throw new Error(`cannot find ${command} on the PATH`)
  // The link of npm leads to its program, which finds its modules by its real path.
  return realpathSync(found)
}

/**
 * Returns whether the path is a program.
 *
 * @param {string} path
 * @returns {boolean}
 */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
