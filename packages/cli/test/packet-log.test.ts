import { AntiphonError, type Message } from '@antiphon/core'
import type { Transport, TransportEvent } from '@antiphon/core/link'
import { EMPTY, lastValueFrom, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { logPackets } from '../src/connection/packet-log.js'

const message: Message = {
  topic: 'a',
  payload: new Uint8Array(3),
  qos: 2,
  retain: true,
  dup: true,
  correlationData: Uint8Array.of(0xff),
}

function transportOf(events: readonly TransportEvent[]): Transport {
  return {
    connect$: (attempt) =>
      attempt === 1 ? of(...events) : throwError(() => new AntiphonError('connection-lost', 'gone')),
    subscribe$: () => of([0, 0x87]),
    unsubscribe$: () => of([0x11]),
    publish$: () => of({ reasonCode: 0 }),
    disconnect$: () => EMPTY,
  }
}

describe('logPackets', () => {
  it('prints each packet in one line', async () => {
    const lines: string[] = []
    const acknowledged: string[] = []
    const events: readonly TransportEvent[] = [
      { type: 'malformed', error: new AntiphonError('protocol', 'a bad packet') },
      { type: 'message', message, acknowledge: () => acknowledged.push('QoS 2') },
      {
        type: 'message',
        message: { ...message, qos: 0, retain: false, dup: false },
        acknowledge: () => undefined,
      },
      { type: 'closing', reasonCode: 0x8b },
      { type: 'closing' },
    ]
    const logged = logPackets(transportOf(events), (line) => lines.push(line))
    logged.connect$(1).subscribe((event) => {
      if (event.type === 'message') event.acknowledge()
    })
    logged.connect$(2).subscribe({ error: () => undefined })
    await lastValueFrom(logged.unsubscribe$(['a', 'b']))
    for (const qos of [0, 1, 2] as const)
      await lastValueFrom(logged.publish$({ topic: 'a', payload: new Uint8Array(), qos }))
    expect(acknowledged).toEqual(['QoS 2'])
    expect(lines).toEqual([
      '> CONNECT, attempt 1',
      '< malformed: a bad packet',
      '< PUBLISH a QoS 2, retained, DUP, 3 bytes, correlation ff',
      '> PUBREC a',
      '< PUBLISH a QoS 0, 3 bytes, correlation ff',
      '< DISCONNECT 0x8b',
      '< DISCONNECT 0x00',
      '> CONNECT, attempt 2',
      '< [connection-lost] gone',
      '> UNSUBSCRIBE a, b',
      '< UNSUBACK 0x11',
      '> PUBLISH a QoS 0, 0 bytes',
      '> PUBLISH a QoS 1, 0 bytes',
      '< PUBACK 0x00 a',
      '> PUBLISH a QoS 2, 0 bytes',
      '< PUBCOMP 0x00 a',
    ])
  })
})
