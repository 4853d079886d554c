import { AntiphonError } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { ShortConnections, type ExplainedLoss } from '../../src/link/short-connections.js'

const plain = new AntiphonError('connection-lost', 'the connection closed')
const silent = new AntiphonError('connection-lost', 'the connection closed', { phase: 'after-network' })
const withReason = new AntiphonError('connection-lost', 'the connection closed', {
  phase: 'after-network',
  reasonCode: 0x8e,
})

const textOf = ({ error }: ExplainedLoss): string => error.rawMessage
const times = (count: number, lose: () => ExplainedLoss): readonly ExplainedLoss[] =>
  Array.from({ length: count }, lose)

describe('the error of connections that end soon after CONNACK', () => {
  const likely =
    'connections in a row ended within 5000 ms of CONNACK: another client may use the client id "car", or the broker refuses a packet by closing'

  it('names the likely causes from the third in a row on, which is the first to do so', () => {
    const connections = new ShortConnections()
    const losses = times(4, () => connections.loseOnline(plain, 4_999, 'car'))
    expect(losses.map(textOf)).toEqual([
      'the connection closed',
      'the connection closed',
      `the connection closed; 3 ${likely}`,
      `the connection closed; 4 ${likely}`,
    ])
    expect(losses.map(({ isFirst }) => isFirst)).toEqual([false, false, true, false])
  })

  it('keeps code, cause and phase of the loss', () => {
    const cause = new Error('ECONNRESET')
    const connections = new ShortConnections()
    const lose = (error: AntiphonError): AntiphonError | undefined =>
      times(3, () => connections.loseOnline(error, 0, 'car'))[2]?.error
    const error = lose(new AntiphonError('connection-lost', 'reset', { cause, phase: 'after-network' }))
    expect(error).toMatchObject({ code: 'connection-lost', cause, phase: 'after-network' })
    expect(lose(plain)).not.toHaveProperty('phase', 'after-network')
  })

  it.each([
    ['5 s after CONNACK', plain, 5_000],
    ['for a reason that the broker sent', withReason, 10],
  ])('does not count connections that end %s', (_, error, timeOnline) => {
    const connections = new ShortConnections()
    times(2, () => connections.loseOnline(plain, 10, 'car'))
    connections.loseOnline(error, timeOnline, 'car')
    expect(times(2, () => connections.loseOnline(plain, 10, 'car')).map(textOf)).toEqual([
      'the connection closed',
      'the connection closed',
    ])
  })
})

describe('the error of attempts that end without CONNACK', () => {
  it('names the likely causes from the third in a row on', () => {
    const connections = new ShortConnections()
    const losses = times(3, () => connections.loseConnecting(silent))
    expect(losses.map(textOf)).toEqual([
      'the connection closed',
      'the connection closed',
      'the connection closed; 3 attempts in a row ended without CONNACK: the broker may refuse this client, its credentials or its protocol version by closing',
    ])
    expect(losses.map(({ isFirst }) => isFirst)).toEqual([false, false, true])
  })

  it.each([
    ['before the network was reached', plain],
    ['for a reason that the broker sent', withReason],
    ['for another error', new AntiphonError('connection-refused', 'refused', { phase: 'after-network' })],
  ])('does not count attempts that end %s', (_, error) => {
    const connections = new ShortConnections()
    times(2, () => connections.loseConnecting(silent))
    connections.loseConnecting(error)
    expect(
      times(2, () => connections.loseConnecting(silent)).map(({ error: { rawMessage } }) => rawMessage),
    ).toEqual(['the connection closed', 'the connection closed'])
  })

  it('does not count attempts before a connection that the broker accepted', () => {
    const connections = new ShortConnections()
    times(2, () => connections.loseConnecting(silent))
    connections.loseOnline(plain, 10, 'car')
    expect(textOf(connections.loseConnecting(silent))).toBe('the connection closed')
  })
})
