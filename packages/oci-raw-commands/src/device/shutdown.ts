import { json } from '@antiphon/core'
import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

const shutdown = json(t.type({ shutdown: t.literal(true) }))

/** Whether a command says `{"shutdown":true}`; whatever else it may be, no payload throws. */
export function isShutdown(payload: Uint8Array): boolean {
  return isRight(shutdown.decode(payload))
}
