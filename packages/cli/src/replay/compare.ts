import { AntiphonError } from '@antiphon/core'
import { isDeepStrictEqual } from 'node:util'
import type { PrintableResponse } from '../request/exchange.js'
import { shorten } from '../payload/shorten.js'
import type { RecordedExchange } from '../recording/recorded-exchange.js'
import type { DecodedPayload } from '../payload/formats.js'
import { decodePayload } from '../payload/formats.js'

/** How a replayed request ended. */
export interface ReplayedResult {
  readonly responses: readonly PrintableResponse[]
  readonly error?: unknown
}

/** Where a replayed exchange differs from the recorded one. */
export interface Difference {
  readonly expected: string
  readonly received: string
}

/**
 * Compares a replayed exchange with the recorded one: the status, the number of responses, and their payloads; those of JSON by
 * their data, without the properties at the paths in `ignored`, such as `time` or `reading.at`.
 */
export async function compareExchange(
  { status = 200, responses: recorded }: RecordedExchange,
  { responses, error }: ReplayedResult,
  ignored: readonly string[],
): Promise<Difference | undefined> {
  const received = error === undefined ? 200 : AntiphonError.from(error).status?.code
  if (error !== undefined && received === undefined)
    return { expected: `status ${status}`, received: AntiphonError.from(error).rawMessage }
  if (isFailure(status) || isFailure(received))
    return status === received ? undefined : { expected: `status ${status}`, received: `status ${received}` }
  if (recorded.length !== responses.length)
    return { expected: `${recorded.length} responses`, received: `${responses.length} responses` }
  for (const [index, { payload, contentType }] of recorded.entries()) {
    const expected = await decodePayload(Buffer.from(payload, 'base64'), contentType, 'auto')
    const { record, shown } = responses[index] ?? {}
    if (!isEqual(expected, record?.value, ignored))
      return { expected: shorten(expected.shown), received: shorten(shown ?? '') }
  }
  return undefined
}

function isFailure(status: number | undefined): boolean {
  return status !== undefined && status >= 400
}

function isEqual({ value }: DecodedPayload, received: unknown, ignored: readonly string[]): boolean {
  return isDeepStrictEqual(without(dataOf(value), ignored), without(dataOf(received), ignored))
}

/** Plain MQTT clients send JSON without saying so. */
function dataOf(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}

/** Returns data without the properties at paths such as `reading.at`. */
function without(data: unknown, paths: readonly string[]): unknown {
  if (paths.length === 0 || typeof data !== 'object' || data === null) return data
  if (Array.isArray(data)) return data.map((item) => without(item, paths))
  return Object.fromEntries(
    Object.entries(data)
      .filter(([name]) => !paths.includes(name))
      .map(([name, value]) => [
        name,
        without(
          value,
          paths.filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1)),
        ),
      ]),
  )
}
