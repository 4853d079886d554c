import { describe, expect, it } from 'vitest'
import {
  acceptance,
  attemptProperties,
  cancel,
  controlKindOf,
  controlRetry,
  controlTopicOf,
  creditOf,
  identityKey,
  initialCredit,
  isAcceptance,
  isControlOfVersion01,
  isOpening,
  itemCredit,
  itemCreditOf,
  OPENING,
  readsAcceptances,
  requestItem,
  signOfLife,
  toControlMessage,
  totalCredit,
} from '../../src/protocol/control-message.js'
import type { UserProperties } from '../../src/message.js'

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)
const identity = { responseTopic: 'responses/a', correlationData: bytes(1, 2) }

describe('a control message', () => {
  it('has the identity of its request, no payload, QoS 0 and the time that is left', () => {
    expect(toControlMessage('control/b', identity, cancel(), 1_500)).toStrictEqual({
      topic: 'control/b',
      payload: bytes(),
      qos: 0,
      messageExpiryInterval: 2,
      userProperties: [
        ['__ctl', 'cancel'],
        ['__stat', '499'],
      ],
      ...identity,
    })
  })

  it.each<[string, UserProperties, string | undefined]>([
    ['a cancel', cancel(), 'cancel'],
    ['a cancel with a reason', cancel('timeout'), 'cancel'],
    ['credit', totalCredit(5), 'credit'],
    ['a sign of life', signOfLife(), 'credit'],
    ['a retry', controlRetry(), 'retry'],
    ['an item', requestItem({ index: 3, isLast: false }), 'item'],
    ['a request', attemptProperties(1), undefined],
    ['the opening of a stream', OPENING, undefined],
    ['another value', [['__ctl', 'pause']], undefined],
    ['another property', [['ctl', 'cancel']], undefined],
  ])('tells %s by its User Properties', (_, userProperties, kind) => {
    expect(controlKindOf({ userProperties })).toBe(kind)
  })

  it('names the error code that is the reason of a cancel', () => {
    expect(cancel('timeout')).toStrictEqual([...cancel(), ['__stMsg', 'timeout']])
  })

  it('belongs to one request alone', () => {
    const key = identityKey(identity)
    expect(identityKey({ responseTopic: 'responses/a', correlationData: bytes(1, 2) })).toBe(key)
    expect(identityKey({ ...identity, correlationData: bytes(1, 3) })).not.toBe(key)
    expect(identityKey({ ...identity, responseTopic: 'responses/b' })).not.toBe(key)
  })
})

describe('a request', () => {
  it.each([1, 2, 3, 4, 5, 60])('has the number of attempt %i, and reads acceptances', (attempt) => {
    const userProperties = attemptProperties(attempt)
    expect(userProperties).toStrictEqual([['__ctl', String(attempt)]])
    expect(readsAcceptances({ userProperties })).toBe(true)
  })

  it('reads acceptances if it begins a request stream', () => {
    expect([isOpening({ userProperties: OPENING }), readsAcceptances({ userProperties: OPENING })]).toEqual([
      true,
      true,
    ])
    expect(isOpening({ userProperties: attemptProperties(1) })).toBe(false)
  })

  it.each(['', 'x', '1x', 'x1', '-1', '1.5', '1234567890', 'opened', 'cancel'])(
    'reads no acceptances if its attempt is %j',
    (text) => {
      expect(readsAcceptances({ userProperties: [['__ctl', text]] })).toBe(false)
    },
  )

  it('reads no acceptances without an attempt', () => {
    expect([readsAcceptances({}), readsAcceptances({ userProperties: [['a', '1']] })]).toEqual([false, false])
  })

  it.each<[string, number | undefined]>([
    ['0', 0],
    ['16', 16],
    ['999999999999999', 999_999_999_999_999],
    ['1000000000000000', undefined],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    [' 1', undefined],
    ['1 ', undefined],
  ])('reads the credit %j as %s', (text, credit) => {
    expect(creditOf({ userProperties: [['__credit', text]] })).toBe(credit)
  })

  it('has the credit that it was given', () => {
    expect([
      creditOf({ userProperties: initialCredit(64) }),
      creditOf({ userProperties: totalCredit(128) }),
      creditOf({ userProperties: attemptProperties(1) }),
      creditOf({}),
    ]).toEqual([64, 128, undefined, undefined])
  })
})

describe('an acceptance', () => {
  it('names the control topic of its responder', () => {
    const userProperties = acceptance('control/b')
    expect(isAcceptance({ userProperties })).toBe(true)
    expect(controlTopicOf({ userProperties })).toBe('control/b')
  })

  it.each<[string, UserProperties | undefined]>([
    ['no properties', undefined],
    ['the status 202 alone', [['__stat', '202']]],
    [
      'the status 202 and another property',
      [
        ['__stat', '202'],
        ['a', 'b'],
      ],
    ],
    [
      'a control topic and the status of a response',
      [
        ['__stat', '200'],
        ['__ctlTopic', 'control/b'],
      ],
    ],
    [
      'a control topic without a status',
      [
        ['a', 'b'],
        ['__ctlTopic', 'control/b'],
      ],
    ],
  ])('is no message with %s', (_, userProperties) => {
    expect(isAcceptance({ ...(userProperties && { userProperties }) })).toBe(false)
  })

  it('gives credit to a request stream', () => {
    const credit = { total: 32, nextIndex: 7 }
    const userProperties = [...acceptance('control/b'), ...itemCredit(credit)]
    expect(itemCreditOf({ userProperties })).toStrictEqual(credit)
  })

  it.each<[string, UserProperties]>([
    ['a total', [['__stream', '7']]],
    ['the next index', [['__credit', '32']]],
    ['both', [['__stat', '202']]],
  ])('gives no credit without %s', (_, userProperties) => {
    expect(itemCreditOf({ userProperties })).toBeUndefined()
  })
})

describe('a control message of version 0.1', () => {
  it.each<[string, UserProperties | undefined, Uint8Array, boolean]>([
    ['a cancel', [['__stat', '499']], bytes(), true],
    ['credit', [['__grant', '5']], bytes(), true],
    ['a cancel with a payload', [['__stat', '499']], bytes(1), false],
    ['credit with a payload', [['__grant', '5']], bytes(1), false],
    ['a request without a payload', attemptProperties(1), bytes(), false],
    ['a request with another status', [['__stat', '200']], bytes(), false],
    ['a request without properties', undefined, bytes(), false],
  ])('has its status or its credit, and no payload: %s', (_, userProperties, payload, isControl) => {
    expect(isControlOfVersion01({ payload, ...(userProperties && { userProperties }) })).toBe(isControl)
  })
})
