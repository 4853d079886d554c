import type { Message } from '@antiphon/core'
import { createReadStream } from 'node:fs'
import { readLines } from '../payload/read-lines.js'
import { usageError } from '../usage-error.js'

/** A message in a recording. */
export interface RecordedMessage {
  /** The payload in base64. */
  readonly payload: string
  readonly contentType?: string
  readonly userProperties: readonly (readonly [name: string, value: string])[]
}

/** A line of a recording. */
export interface RecordedExchange {
  /** Milliseconds from the start of the recording to the request. */
  readonly at: number
  readonly topic: string
  readonly request: RecordedMessage
  readonly isStream: boolean
  /** The status of the response; absent if it had none. */
  readonly status?: number
  readonly responses: readonly RecordedMessage[]
  readonly milliseconds: number
}

/** Returns a message as a recording has it. */
export function toRecordedMessage({ payload, contentType, userProperties = [] }: Message): RecordedMessage {
  return {
    payload: Buffer.from(payload).toString('base64'),
    ...(contentType !== undefined && { contentType }),
    userProperties,
  }
}

/** Reads the exchanges of a recording. Throws `invalid-argument` with the number of a line that is not one. */
export async function* readRecording(file: string): AsyncGenerator<RecordedExchange, void> {
  let number = 0
  try {
    for await (const line of readLines(createReadStream(file))) {
      number += 1
      if (line !== '') yield parseExchange(line, `${file}:${number}`)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw usageError(`there is no recording ${file}`)
    throw error
  }
}

function parseExchange(line: string, place: string): RecordedExchange {
  try {
    const exchange = JSON.parse(line) as RecordedExchange
    if (
      typeof exchange.topic === 'string' &&
      isMessage(exchange.request) &&
      Array.isArray(exchange.responses)
    )
      return exchange
  } catch {
    // The same error as for other lines that are no exchanges.
  }
  throw usageError(`${place} is not a recorded exchange: record it with antiphon tap --record`)
}

function isMessage(value: unknown): boolean {
  const { payload, userProperties } = (value ?? {}) as Partial<RecordedMessage>
  return typeof payload === 'string' && Array.isArray(userProperties)
}
