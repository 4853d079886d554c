import { accessSync, constants, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const memory = '/dev/shm'

/**
 * Creates a folder for a broker's state, in memory if possible.
 *
 * The tests kill processes, not machines, so the state need not be on a disk, and a busy disk would slow the broker down.
 */
export function stateFolder(): string {
  return mkdtempSync(join(isWritable(memory) ? memory : tmpdir(), 'antiphon-state-'))
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
