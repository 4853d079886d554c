import type { OutgoingMessage } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { publishSize } from '../../src/link/publish-size.js'

const bytes = (text: string): number => new TextEncoder().encode(text).length

describe('publishSize', () => {
  it.each([
    ['QoS 0', { qos: 0 }, 2 + 3 + 1],
    ['QoS 1', { qos: 1 }, 2 + 3 + 2 + 1],
    ['no QoS, which is QoS 1', {}, 2 + 3 + 2 + 1],
    ['a format indicator', { qos: 0, payloadFormatIndicator: false }, 2 + 3 + 1 + 2],
    ['an expiry', { qos: 0, messageExpiryInterval: 1 }, 2 + 3 + 1 + 5],
    ['a response topic', { qos: 0, responseTopic: 'rr' }, 2 + 3 + 1 + 5],
    ['correlation data', { qos: 0, correlationData: new Uint8Array(4) }, 2 + 3 + 1 + 7],
    ['a content type', { qos: 0, contentType: 'ccc' }, 2 + 3 + 1 + 6],
    [
      'user properties',
      {
        qos: 0,
        userProperties: [
          ['n', 'vv'],
          ['n', ''],
        ] as const,
      },
      2 + 3 + 1 + 8 + 6,
    ],
  ])('counts the bytes of a packet with %s', (_name, change, size) => {
    const changes: object = change
    const message: OutgoingMessage = { topic: 't', payload: new Uint8Array(), ...changes }
    expect(publishSize(message, 5)).toBe(size)
  })

  it.each(['plain', 'ä', '€uro', '😀', 'aä€😀'])('counts the UTF-8 bytes of %s', (text) => {
    expect(publishSize({ topic: text, payload: new Uint8Array(), qos: 0 }, 4)).toBe(4 + bytes(text))
  })

  it.each([
    [127 - 3, 2],
    [128 - 3, 3],
    [16_383 - 3, 3],
    [16_384 - 3, 4],
    [2_097_151 - 3, 4],
    [2_097_152 - 3, 5],
  ])('counts for a payload of %i bytes a fixed header of %i bytes', (payload, header) => {
    const message: OutgoingMessage = { topic: 't', payload: new Uint8Array(payload), qos: 0 }
    expect(publishSize(message, 4)).toBe(header + 3 + payload)
  })
})
