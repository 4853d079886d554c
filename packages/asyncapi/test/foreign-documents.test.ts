import { DocumentError, fromAsyncApi } from '@antiphon/asyncapi'
import { describeWithFiles } from '@antiphon/workshop'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parse } from 'yaml'

const suite = 'the documents of asyncapi/spec'
// Documents that are not part of this repository: the examples of asyncapi/spec.
const folder =
  process.env['ANTIPHON_ASYNCAPI'] ?? fileURLToPath(new URL('../../../../shared/asyncapi', import.meta.url))

describeWithFiles({ folder, source: '../shared/asyncapi, or ANTIPHON_ASYNCAPI' }, suite, () => {
  const documents = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.ya?ml$/.test(name),
  )
  const read = (name: string): ReturnType<typeof fromAsyncApi> =>
    fromAsyncApi(parse(readFileSync(join(folder, name), 'utf8')))

  it.each(documents)('are read, or refused with a pointer and a reason: %s', (name) => {
    try {
      const { endpoints, unsupported } = read(name)
      expect(Object.keys(endpoints).length + unsupported.length).toBeGreaterThan(0)
      for (const { pointer, reason } of unsupported) {
        expect(pointer).toMatch(/^#\/operations\//)
        expect(reason).not.toBe('')
      }
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(DocumentError)
      const { pointer, rule } = thrown as DocumentError
      expect([pointer.startsWith('#'), rule !== '']).toEqual([true, true])
    }
  })

  it('have operations over MQTT without a reply, each with this reason', () => {
    const { endpoints, unsupported } = read('streetlights-mqtt-asyncapi.yml')
    expect(endpoints).toEqual({})
    expect(unsupported.map(({ pointer }) => pointer)).toEqual([
      '#/operations/receiveLightMeasurement',
      '#/operations/turnOn',
      '#/operations/turnOff',
      '#/operations/dimLight',
    ])
    expect(new Set(unsupported.map(({ reason }) => reason))).toEqual(
      new Set(['it has no reply: it is not a request']),
    )
  })

  it('have a request whose schema is Avro, which is refused by its format', () => {
    expect(read('adeo-kafka-request-reply-asyncapi.yml').unsupported).toEqual([
      {
        pointer: '#/operations/receiveACostingRequest',
        reason: 'its schema is in the format application/vnd.apache.avro;version=1.9.0',
      },
    ])
  })

  it('have requests on one WebSocket, which no topic distinguishes', () => {
    expect(() => read('kraken-websocket-request-reply-multiple-channels-asyncapi.yml')).toThrow(
      'cannot be distinguished',
    )
  })
})
