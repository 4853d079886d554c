import type { Message, UserProperties } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { toCloudEvent, toCloudEventProperties, type CloudEventToSend } from '../src/cloud-event.js'

const defaults = { type: 'ms.aio.telemetry', topic: 'a/b', contentType: 'application/json', now: 0 }
const received = (userProperties: UserProperties, contentType?: string): Message => ({
  topic: 'a/b',
  payload: new Uint8Array(),
  qos: 1,
  retain: false,
  dup: false,
  userProperties,
  ...(contentType !== undefined && { contentType }),
})

describe('a CloudEvent', () => {
  it('is received as it was sent', () => {
    const event = {
      source: 'aio://plant/press-7',
      type: 'press.force',
      specVersion: '1.0',
      id: 'event 7',
      time: '2025-01-01T00:00:00+01:00',
      subject: 'press-7',
      dataSchema: 'dtmi:press:force;1',
    }
    const properties = toCloudEventProperties(event, defaults)
    expect(toCloudEvent(received(properties, 'application/json'))).toEqual({
      ...event,
      dataContentType: 'application/json',
    })
    expect(toCloudEvent(received(properties))).toEqual(event)
    expect(toCloudEvent(received(properties, 'json'))).toBeUndefined()
  })

  it('has defaults for all attributes but source and dataSchema', () => {
    const properties = new Map(toCloudEventProperties({ source: 'press-7' }, defaults))
    expect(properties.get('id')).toMatch(/^[\da-f-]{36}$/)
    properties.delete('id')
    expect([...properties]).toEqual([
      ['specversion', '1.0'],
      ['type', 'ms.aio.telemetry'],
      ['source', 'press-7'],
      ['subject', 'a/b'],
      ['time', '1970-01-01T00:00:00.000Z'],
    ])
  })

  it.each<[CloudEventToSend, string]>([
    [{} as CloudEventToSend, 'its source is missing'],
    [{ source: '' }, 'its source is "": it must be a URI reference'],
    [{ source: 'a b' }, 'its source is "a b"'],
    [{ source: '%zz' }, 'its source is "%zz"'],
    [{ source: 'a', id: '' }, 'its id is "": it must be a string that is not empty'],
    [{ source: 'a', time: '2025-13-01T00:00:00Z' }, 'its time is "2025-13-01T00:00:00Z"'],
    [{ source: 'a', dataSchema: 'schema:' }, 'its dataSchema is "schema:": it must be an absolute URI'],
  ])('is not sent if it is %o', (event, reason) => {
    expect(() => toCloudEventProperties(event, defaults)).toThrow(`the cloudEvent is invalid: ${reason}`)
  })

  it('is not sent with a Content Type that is no media type', () => {
    const send = (): unknown => toCloudEventProperties({ source: 'a' }, { ...defaults, contentType: 'json' })
    expect(send).toThrow('the Content Type of the message is "json": it must be a media type')
  })
})
