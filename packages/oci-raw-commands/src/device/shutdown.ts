import { json } from '@antiphon/core'
import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

const shutdown = json(t.type({ shutdown: t.literal(true) }))

/** Whether a payload is `{"shutdown":true}`. Never throws, whatever the payload. */
export function isShutdown(payload: Uint8Array): boolean {
  return isRight(shutdown.decode(payload))
}
