import { writeToStream } from 'mqtt-packet'
import { expect, it } from 'vitest'
import { ClientStream, connectClient } from '../src/client-stream.js'

it('lets MQTT.js send CONNECT without a buffer for each Packet Identifier', () => {
  const written: Uint8Array[] = []
  const stream = new ClientStream({
    write: (bytes) => written.push(bytes),
    end: () => undefined,
    destroy: () => undefined,
  })
  connectClient(stream, { protocolVersion: 5, clientId: 'client' })
  expect(written.length).toBeGreaterThan(0)
  expect((writeToStream as unknown as { readonly cacheNumbers: boolean }).cacheNumbers).toBe(false)
})
