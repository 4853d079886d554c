import { AntiphonError } from '@antiphon/core'
import { webTransport } from '@antiphon/mqtt/web'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { connackBytes } from '../scripted-broker.js'
import { fakeWebSockets } from './fake-web-socket.js'

const numRuns = Number(process.env['ANTIPHON_FC_RUNS'] ?? 500)

const byte = fc.nat(255)
/** A packet of any type with any body, whose length may be wrong. */
const packet = fc
  .tuple(
    fc.constantFrom(0x20, 0x30, 0x32, 0x34, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xd0, 0xe0, 0xf0),
    fc.array(byte, { maxLength: 40 }),
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([first, body, error]) => [first, Math.max(0, body.length + error), ...body])
const frames = fc.array(fc.oneof(packet, fc.array(byte, { maxLength: 60 })), { maxLength: 8 })

it('survives arbitrary frames from a broker: at worst the connection ends with an error', async () => {
  await fc.assert(
    fc.asyncProperty(
      frames,
      fc.boolean(),
      fc.constantFrom<4 | 5>(4, 5),
      async (all, isAccepted, protocolVersion) => {
        const { webSocket, opened } = fakeWebSockets()
        const errors: unknown[] = []
        webTransport('ws://h', { webSocket, protocolVersion, keepalive: 0 })
          .connect$(1)
          .subscribe({
            next: (event) => {
              if (event.type === 'message') event.acknowledge()
            },
            error: (error: unknown) => errors.push(error),
          })
        opened[0]?.open()
        if (isAccepted) opened[0]?.receive(...connackBytes(protocolVersion))
        for (const frame of all) opened[0]?.receive(...frame)
        opened[0]?.onclose?.({})
        await Promise.resolve()
        expect(errors).toHaveLength(1)
        expect(errors[0]).toBeInstanceOf(AntiphonError)
        expect(['connection-lost', 'connection-refused']).toContain((errors[0] as AntiphonError).code)
      },
    ),
    { numRuns: Math.min(numRuns, 5_000) },
  )
})
