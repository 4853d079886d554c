// The process that ends what a run leaves behind; see src/process-guard.ts. Its arguments are the mark of the run, and the
// milliseconds in which processes may exit by themselves when the run stops its guard.
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'

const pollPeriod = 20
const [mark = '', exitPeriod = ''] = process.argv.slice(2)

const lines = createInterface({ input: process.stdin })
let isStopping = false
// On request of the run, the guard reports what it killed. The end of its input means that the run has died.
lines.on('line', async () => {
  isStopping = true
  process.stdout.write(`${JSON.stringify(await killRemaining(Number(exitPeriod)))}\n`)
  process.exit()
})
lines.on('close', async () => {
  if (isStopping) return
  await killRemaining(0)
  process.exit()
})

/**
 * Waits until no process has the mark, kills those that are left, and returns their command lines.
 *
 * @param {number} period
 * @returns {Promise<readonly string[]>}
 */
async function killRemaining(period) {
  for (let waited = 0; waited < period && marked().length > 0; waited += pollPeriod) await wait(pollPeriod)
  const killed = new Map()
  // Repeated, since a process may start another one while it is being killed.
  for (let found = marked(); found.length > 0; found = marked()) {
    for (const { pid, command } of found) {
      killed.set(pid, command)
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has exited in the meantime.
      }
    }
    await wait(pollPeriod)
  }
  return [...killed.values()]
}

/** Returns the processes that have the mark in their environment, which only Linux shows. */
function marked() {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => contentOf(pid, 'environ').includes(mark))
    .map((pid) => ({ pid: Number(pid), command: contentOf(pid, 'cmdline').split('\0').join(' ').trim() }))
}

/**
 * Returns a file of `/proc`; an empty text if the process has exited or belongs to another user.
 *
 * @param {string} pid
 * @param {string} file
 * @returns {string}
 */
function contentOf(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
