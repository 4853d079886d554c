import { describe, expect, it } from 'vitest'
import { conflictBetween, toSubscribeRequest } from '../../src/link/subscribe-request.js'

const thrownBy = (action: () => unknown): unknown => {
  try {
    return action()
  } catch (error) {
    return error
  }
}

describe('toSubscribeRequest', () => {
  it('adds the defaults and keeps the options passed', () => {
    expect(toSubscribeRequest('a', {})).toEqual({
      filter: 'a',
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    })
    const all = { qos: 0, noLocal: true, retainAsPublished: true, retainHandling: 2 } as const
    expect(toSubscribeRequest('$share/g/a', { ...all, noLocal: false })).toEqual({
      filter: '$share/g/a',
      ...all,
      noLocal: false,
    })
    expect(toSubscribeRequest('a', all)).toEqual({ filter: 'a', ...all })
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['', {}, /empty/],
    ['a/#/b', {}, /#/],
    ['$share/g/a', { noLocal: true }, /noLocal.*\$share\/g\/a.*MQTT-3\.8\.3-4/],
    ['a', { qos: 3 }, /qos of the subscription to a is 3: it must be 0, 1 or 2/],
    ['a', { qos: '1' }, /qos/],
    ['a', { noLocal: 1 }, /noLocal.* is 1: it must be true or false/],
    ['a', { retainAsPublished: 'no' }, /retainAsPublished.* is no/],
    ['a', { retainHandling: 3 }, /retainHandling.* is 3: it must be 0, 1 or 2/],
  ])('rejects filter %j with %j, naming the value and the rule', (filter, options, message) => {
    const error = thrownBy(() => toSubscribeRequest(filter, options))
    expect(error).toMatchObject({ code: 'invalid-argument', topic: filter, phase: 'before-network' })
    expect(error).toHaveProperty('message', expect.stringMatching(message))
  })
})

describe('conflictBetween', () => {
  const request = toSubscribeRequest('a', {})

  it('returns undefined for equal options', () => {
    expect(conflictBetween(request, { ...request })).toBeUndefined()
  })

  it.each([{ qos: 2 }, { noLocal: true }, { retainAsPublished: true }, { retainHandling: 1 }] as const)(
    'names the option that differs: %j',
    (change) => {
      const [name] = Object.keys(change)
      const conflict = conflictBetween(request, { ...request, ...change })
      expect(conflict).toMatchObject({ code: 'invalid-argument', topic: 'a' })
      expect(conflict?.message).toContain(name)
    },
  )
})
