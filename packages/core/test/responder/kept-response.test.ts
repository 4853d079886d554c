import { describe, expect, it } from 'vitest'
import { ResponseSlabs } from '../../src/responder/kept-response.js'
import type { OutgoingResponse } from '../../src/responder/outgoing-response.js'

const responseOf = (payload: Uint8Array): OutgoingResponse => ({
  topic: 'response/a',
  payload,
  qos: 1,
  userProperties: [['__stat', '200']],
})

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte)

describe('the responses of a cache', () => {
  it('keeps the payload of each response, however many there are', () => {
    const slabs = new ResponseSlabs()
    const lengths = [0, 1, 87, 511, 512, 513, 2_048, 2_049, 100_000, 3]
    const kept = lengths.map((length, index) => slabs.keep(responseOf(filled(length, index))))
    kept.forEach((response, index) => {
      expect(response.payload).toEqual(filled(lengths[index] ?? 0, index))
      expect(response.size).toBe(lengths[index])
    })
  })

  it('keeps the topic, the QoS, the User Properties and the codec', () => {
    const codec = { contentType: 'text/plain', isText: true }
    const response = { ...responseOf(filled(3, 1)), codec }
    const { topic, qos, userProperties, codec: keptCodec } = new ResponseSlabs().keep(response)
    expect({ topic, qos, userProperties, codec: keptCodec, payload: response.payload }).toEqual(response)
  })

  it('does not change with the payload that was sent', () => {
    const payload = filled(10, 1)
    const kept = new ResponseSlabs().keep(responseOf(payload))
    payload.fill(2)
    expect(kept.payload).toEqual(filled(10, 1))
  })

  it('shares one buffer among small payloads, which doubles from the size of the first payload to 8 KiB', () => {
    const slabs = new ResponseSlabs()
    const buffers = new Set<ArrayBufferLike>()
    for (let index = 0; index < 300; index++)
      buffers.add(slabs.keep(responseOf(filled(80, index))).payload.buffer)
    expect([...buffers].map(({ byteLength }) => byteLength)).toEqual([
      80, 160, 320, 640, 1_280, 2_560, 5_120, 8_192, 8_192,
    ])
  })

  it('fills a buffer to its end before it adds another one', () => {
    const slabs = new ResponseSlabs()
    const buffers = Array.from({ length: 5 }, () => slabs.keep(responseOf(filled(2_048, 1))).payload.buffer)
    expect(buffers.map((buffer) => buffers.indexOf(buffer))).toEqual([0, 1, 1, 3, 3])
  })

  it('copies a payload of a quarter of a buffer, and keeps a larger one as it is', () => {
    const slabs = new ResponseSlabs()
    const payloads = [filled(2_048, 1), filled(2_049, 1)]
    const areKept = payloads.map(
      (payload) => slabs.keep(responseOf(payload)).payload.buffer === payload.buffer,
    )
    expect(areKept).toEqual([false, true])
  })

  it('copies a large payload out of a much larger buffer, and no other', () => {
    const slabs = new ResponseSlabs()
    const whole = filled(3_000, 1)
    expect(slabs.keep(responseOf(whole)).payload.buffer).toBe(whole.buffer)
    const part = filled(100_000, 1).subarray(5_000, 8_000)
    expect(slabs.keep(responseOf(part)).payload.buffer.byteLength).toBe(3_000)
  })
})
