import { readFile } from 'node:fs/promises'
import type { Host } from '../host.js'
import { usageError } from '../usage-error.js'

/** The most bytes of a payload: those of the largest MQTT packet. */
const maximumBytes = 268_435_455

/**
 * Returns the payload that a command line names: the argument, a file, or standard input for `-`. Without any of them the
 * payload is empty.
 */
export async function readSource(
  argument: string | undefined,
  file: string | undefined,
  stdin: Host['stdin'],
): Promise<string | Uint8Array> {
  if (argument !== undefined && file !== undefined)
    throw usageError('the payload and --file exclude each other')
  if (argument === '-') return readAll(stdin)
  if (file === undefined) return argument ?? ''
  try {
    return await readFile(file)
  } catch (error) {
    throw usageError(`cannot read --file ${file}: ${(error as Error).message.replace(/, .*$/, '')}`)
  }
}

async function readAll(stdin: Host['stdin']): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stdin) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maximumBytes)
      throw usageError(`standard input is too long: MQTT allows ${maximumBytes} bytes in a packet`)
  }
  return Buffer.concat(chunks)
}
