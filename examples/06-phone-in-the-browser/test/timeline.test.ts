import { AntiphonError, type LinkState } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import type { Exchange } from '../page/exchange.js'
import type { LinkStage } from '../page/link-stage.js'
import { timelineOf } from '../page/timeline.js'

const now = 100_000
// Ten pixels a second.
const width = 300
const online = { status: 'online' } as LinkState
const offline: LinkState = {
  status: 'offline',
  error: new AntiphonError('connection-lost', 'gone'),
  retryIn: 500,
}

function ago(seconds: number, state: LinkState): LinkStage {
  return { state, from: now - seconds * 1_000 }
}

function exchange(key: number, from: number, to?: number): Exchange {
  const times = { from: now - from * 1_000, ...(to !== undefined && { to: now - to * 1_000 }) }
  return { key, car: 'car1', detail: '', outcome: to === undefined ? 'pending' : 'responded', ...times }
}

describe('timeline of the link and its exchanges', () => {
  it('ends now and has a tick every five seconds', () => {
    const { ticks } = timelineOf({ exchanges: [], stages: [], now, width })
    expect(ticks.map(({ x }) => x)).toEqual([300, 250, 200, 150, 100, 50])
    expect(ticks.map(({ label }) => label).slice(0, 2)).toEqual(['now', '−5 s'])
  })

  it('draws each state of the link for its duration, reconnect attempts as offline', () => {
    const stages = [
      ago(40, { status: 'connecting', attempt: 1 }),
      ago(39, online),
      ago(20, offline),
      ago(19, { status: 'connecting', attempt: 2 }),
      ago(18, offline),
      ago(10, online),
    ]
    const { bands } = timelineOf({ exchanges: [], stages, now, width })
    expect(bands).toEqual([
      { status: 'online', label: 'Online', x: 0, width: 100 },
      { status: 'offline', label: 'Offline', x: 100, width: 100 },
      { status: 'online', label: 'Online', x: 200, width: 100 },
    ])
  })

  it('labels a state only if there is room', () => {
    const { bands } = timelineOf({ exchanges: [], stages: [ago(25, online), ago(2, offline)], now, width })
    expect(bands.map(({ label }) => label)).toEqual(['Online', ''])
  })

  it('draws an exchange from its request to its end, or until now', () => {
    const { bars } = timelineOf({ exchanges: [exchange(1, 4), exchange(0, 20, 10)], stages: [], now, width })
    expect(bars.map(({ x, width: length, label, anchor }) => ({ x, length, label, anchor }))).toEqual([
      { x: 260, length: 40, label: 'car1, pending, 4.0 s', anchor: 'end' },
      { x: 100, length: 100, label: 'car1, succeeded, 10.0 s', anchor: 'start' },
    ])
  })

  it('draws short exchanges with a minimum width within the drawing', () => {
    const { bars } = timelineOf({ exchanges: [exchange(0, 0.01, 0)], stages: [], now, width })
    expect(bars).toMatchObject([{ x: 290, width: 10 }])
  })

  it('omits exchanges that ended too long ago and draws each other one in a lane of its own', () => {
    const exchanges = [6, 5, 4, 3, 2, 1].map((key) => exchange(key, 60, key > 3 ? 5 : 40))
    const { bars } = timelineOf({ exchanges, stages: [], now, width })
    expect(bars).toHaveLength(3)
    expect(new Set(bars.map(({ y }) => y)).size).toBe(3)
  })
})
