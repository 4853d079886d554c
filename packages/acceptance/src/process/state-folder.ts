import { accessSync, constants, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const memory = '/dev/shm'

/**
 * A new folder for a broker's state: in memory where the machine has such a place, since it is processes that are killed
 * here and not machines, and a disk that others use would set the pace.
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
