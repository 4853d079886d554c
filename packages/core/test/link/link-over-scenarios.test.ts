import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMatch } from '../../src/topic/is-match.js'
import { longRuns } from '../codec/runs.js'
import { linkScenario, topics, type LinkScenario } from './link-scenario.js'
import { scenarioRun, type ScenarioRun } from './scenario-run.js'

/** Whether a message comes once to everybody however many filters of the link ask for it. */
function isExact({ broker }: LinkScenario, { subscribers: everybody }: ScenarioRun): boolean {
  const { overlap, limits, protocolVersion } = broker
  const namesSubscriptions = limits.subscriptionIdentifiers && protocolVersion === 5
  const hasShared = everybody.some(({ filter }) => filter.startsWith('$share/'))
  return namesSubscriptions || (overlap === 'once' && !hasShared)
}

/** A message to every topic comes to everybody who listens to it, and to nobody else. */
function expectNobodyDeaf(life: LinkScenario, one: ScenarioRun, probe: string): void {
  for (const topic of topics) one.arrive(topic, probe)
  one.advance(1_000)
  for (const { filter, received } of one.activeSubscribers()) {
    for (const topic of topics) {
      const copies = received.filter((message) => message.topic === topic && message.text === probe).length
      const expected = isMatch(filter, topic) ? 1 : 0
      if (isExact(life, one)) expect([probe, filter, topic, copies]).toEqual([probe, filter, topic, expected])
      else expect([probe, filter, topic, copies >= expected]).toEqual([probe, filter, topic, true])
    }
  }
}

/** What holds of every life, however it ended. */
function expectOrder({ subscribers: everybody, publishes, published, incidents }: ScenarioRun): void {
  for (const { text, qos, outcomes } of publishes) {
    expect([text, outcomes.length]).toEqual([text, 1])
    if (qos > 0) expect(['session-lost', 'connection-lost', 'protocol', 'unknown']).not.toContain(outcomes[0])
  }
  for (const { filter, received, endings } of everybody) {
    expect(endings.length).toBeLessThanOrEqual(1)
    for (const { topic } of received)
      expect([filter, topic, isMatch(filter, topic)]).toEqual([filter, topic, true])
  }
  const firsts = [...new Set(published.filter(({ qos }) => qos !== 0).map(({ text }) => Number(text)))]
  expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
  expect(incidents.filter(({ kind }) => kind !== 'unroutable')).toEqual([])
}

async function expectClosed(one: ScenarioRun): Promise<void> {
  const { link, advance, timers, activeSubscribers: present, broker } = one
  let isClosed = false
  void link.close().then(() => {
    isClosed = true
  })
  for (let waited = 0; !isClosed && waited < 8_000; waited += 50) {
    await Promise.resolve()
    if (!isClosed) advance(50)
  }
  expect(isClosed).toBe(true)
  // The last packets of the connection end their way.
  advance(10)
  expect(timers()).toBe(0)
  for (const { endings } of present()) expect(endings).toEqual(['complete'])
  expect(broker.session('me')?.isConnected ?? false).toBe(false)
  expectOrder(one)
}

describe('a link', () => {
  it('closes at any moment, in time, leaving nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(linkScenario, async (life) => {
        const one = scenarioRun(life)
        one.runSteps()
        await expectClosed(one)
      }),
      longRuns,
    )
  })

  it('is neither deaf nor forgetful after whatever befell it, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(linkScenario, async (life) => {
        const one = scenarioRun(life)
        const { broker, advance, timers, activeSubscribers: present } = one
        one.runSteps()
        one.endDisturbances()
        advance(120_000)
        expectOrder(one)
        const unacknowledged = (): readonly unknown[] => broker.session('me')?.unacknowledged ?? []
        if (!one.hasWithheldAcknowledgement()) expect(unacknowledged()).toEqual([])
        if (unacknowledged().length === 0) expectNobodyDeaf(life, one, 'probe')
        // What was abandoned or hoarded comes again on another connection.
        broker.disconnect('me')
        advance(120_000)
        expect(unacknowledged()).toEqual([])
        expectNobodyDeaf(life, one, 'another probe')
        expect(timers()).toBe(0)
        if (life.unsubscribesFirst) {
          for (const { unsubscribe: leave } of present()) leave()
          advance(1_000)
          expect(broker.subscriptions()).toEqual([])
          expect(timers()).toBe(0)
        }
        await expectClosed(one)
      }),
      longRuns,
    )
  })
})
