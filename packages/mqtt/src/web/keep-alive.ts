import { writePingRequest } from '@antiphon/packet'
import { interval, type Subscription } from 'rxjs'
import type { ControlClientParts } from '../control-client.js'

/** What `startKeepAlive` uses of a connection. */
export type KeepAliveParts = Pick<ControlClientParts, 'writer' | 'scheduler' | 'receivedChunks' | 'events'>

/**
 * Sends PINGREQ within every Keep Alive [MQTT-3.1.2-20]; fails the connection if nothing has arrived since the last one.
 *
 * The period is three quarters of the Keep Alive: a browser calls the timers of a hidden page once a minute, which must
 * not exceed the 60 seconds that are the default.
 */
export function startKeepAlive(seconds: number, parts: KeepAliveParts): Subscription {
  const { writer, scheduler, receivedChunks, events } = parts
  const period = seconds * 750
  let chunksAtLastPing = -1
  return interval(period, scheduler).subscribe(() => {
    if (receivedChunks() === chunksAtLastPing) {
      events.onError(new Error(`Keep Alive timeout: the broker has sent nothing for ${period} ms`))
      return
    }
    chunksAtLastPing = receivedChunks()
    writePingRequest(writer.block)
    writer.commit()
  })
}
