import { json, type Message } from '@antiphon/core'
import { decodePayloads } from '@antiphon/core/codec'
import { from, toArray } from 'rxjs'
import * as t from 'io-ts'
import { expect, it } from 'vitest'
import { bytesOf } from '../observed.js'

const messages: readonly Message[] = ['1', '"two"', '{', '3'].map((text) => ({
  topic: 'count',
  payload: bytesOf(text),
  qos: 0,
  retain: false,
  dup: false,
}))

it('decodes payloads, leaves out those that do not decode, and reports them', () => {
  const ignored: unknown[] = []
  const decoded: unknown[] = []
  const count = json(t.number)
  from(messages)
    .pipe(decodePayloads(count, { onIgnored: (message) => ignored.push(message) }), toArray())
    .subscribe((values) => decoded.push(values))
  from(messages)
    .pipe(decodePayloads(count), toArray())
    .subscribe((values) => decoded.push(values))
  expect(decoded).toEqual([
    [1, 3],
    [1, 3],
  ])
  expect(ignored).toEqual([messages[1], messages[2]])
})

it('leaves out a payload with a content type that the codec does not read', () => {
  const decoded: unknown[] = []
  const [first] = messages
  from(first === undefined ? [] : [{ ...first, contentType: 'application/xml' }])
    .pipe(decodePayloads(json(t.number)))
    .subscribe((value) => decoded.push(value))
  expect(decoded).toEqual([])
})
