import { invalidArgument } from '@antiphon/core/link'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** Milliseconds between two attempts to lock a file, and until the attempts end. */
const period = 20
const timeout = 10_000

/**
 * Locks a file against other processes that lock it, by a file beside it that contains the process id. Resolves with the
 * function that unlocks it. Takes the lock of a process that has died. Throws `invalid-argument` after ten seconds.
 */
export async function lockFile(file: string): Promise<() => Promise<void>> {
  const lock = `${file}.lock`
  for (let waited = 0; waited < timeout; waited += period) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' })
      return () => rm(lock, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
    if (holder > 0 && !isAlive(holder)) await rm(lock, { force: true })
    else await wait(period)
  }
  throw invalidArgument(
    `cannot change ${file}: another process has locked it; delete ${lock} if no process uses it`,
  )
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    // A process of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
