import { contractProgram } from '@antiphon/asyncapi/command'
import { NEVER } from 'rxjs'
import type { Host } from '../host.js'
import { usageError } from '../usage-error.js'

/** Runs the command of the contracts. Returns its exit code. */
export async function runContract(args: readonly string[], host: Host): Promise<number> {
  if (args[0] === 'mock') throw usageError('mock is a command of its own here: antiphon mock')
  let printed: Promise<unknown> = Promise.resolve()
  const code = await contractProgram(args, {
    print: (text) => {
      printed = host.stdout.write(`${text}\n`)
    },
    // Only `mock` waits for it.
    stop$: NEVER,
  })
  await printed
  return code
}
