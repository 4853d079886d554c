import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMatch } from '../../src/topic/is-match.js'
import { longRuns } from '../codec/runs.js'
import { linkScenario, topics, type LinkScenario } from './link-scenario.js'
import { scenarioRun, type ScenarioRun } from './scenario-run.js'

/** Whether each subscriber receives a message once although several filters of the link match it. */
function isExact({ broker }: LinkScenario, { subscribers }: ScenarioRun): boolean {
  const { overlap, limits, protocolVersion } = broker
  const hasIdentifiers = limits.subscriptionIdentifiers && protocolVersion === 5
  const hasShared = subscribers.some(({ filter }) => filter.startsWith('$share/'))
  return hasIdentifiers || (overlap === 'once' && !hasShared)
}

/** Publishes to every topic and expects the message at its subscribers, and at no other. */
function expectDelivery(scenario: LinkScenario, run: ScenarioRun, probe: string): void {
  for (const topic of topics) run.arrive(topic, probe)
  run.advance(1_000)
  for (const { filter, received } of run.activeSubscribers()) {
    for (const topic of topics) {
      const copies = received.filter((message) => message.topic === topic && message.text === probe).length
      const expected = isMatch(filter, topic) ? 1 : 0
      if (isExact(scenario, run))
        expect([probe, filter, topic, copies]).toEqual([probe, filter, topic, expected])
      else expect([probe, filter, topic, copies >= expected]).toEqual([probe, filter, topic, true])
    }
  }
}

/** Expects what holds after every scenario. */
function expectConsistency({ subscribers, publishes, published, incidents }: ScenarioRun): void {
  for (const { text, qos, results } of publishes) {
    expect([text, results.length]).toEqual([text, 1])
    if (qos > 0) expect(['session-lost', 'connection-lost', 'protocol', 'unknown']).not.toContain(results[0])
  }
  for (const { filter, received, endings } of subscribers) {
    expect(endings.length).toBeLessThanOrEqual(1)
    for (const { topic } of received)
      expect([filter, topic, isMatch(filter, topic)]).toEqual([filter, topic, true])
  }
  const firsts = [...new Set(published.filter(({ qos }) => qos !== 0).map(({ text }) => Number(text)))]
  expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
  // Subscribers of a scenario may withhold acknowledgements, and connections are cut, also soon after CONNACK.
  const expected = ['unroutable', 'acknowledgements-blocked', 'short-connections']
  expect(incidents.filter(({ kind }) => !expected.includes(kind))).toEqual([])
}

async function expectClosed(run: ScenarioRun): Promise<void> {
  const { link, advance, timers, activeSubscribers, broker } = run
  let isClosed = false
  void link.close().then(() => {
    isClosed = true
  })
  for (let waited = 0; !isClosed && waited < 8_000; waited += 50) {
    await Promise.resolve()
    if (!isClosed) advance(50)
  }
  expect(isClosed).toBe(true)
  // Deliver the last packets of the connection.
  advance(10)
  expect(timers()).toBe(0)
  for (const { endings } of activeSubscribers()) expect(endings).toEqual(['complete'])
  expect(broker.session('me')?.isConnected ?? false).toBe(false)
  expectConsistency(run)
}

describe('linkOver in random scenarios', () => {
  it('closes in time after any steps, without a timer or an active session', async () => {
    await fc.assert(
      fc.asyncProperty(linkScenario, async (scenario) => {
        const run = scenarioRun(scenario)
        run.runSteps()
        await expectClosed(run)
      }),
      longRuns,
    )
  })

  it('delivers and acknowledges every message again once all disturbances have ended', async () => {
    await fc.assert(
      fc.asyncProperty(linkScenario, async (scenario) => {
        const run = scenarioRun(scenario)
        const { broker, advance, timers, activeSubscribers } = run
        run.runSteps()
        run.endDisturbances()
        advance(120_000)
        expectConsistency(run)
        const unacknowledged = (): readonly unknown[] => broker.session('me')?.unacknowledged ?? []
        if (!run.hasWithheldAcknowledgement()) expect(unacknowledged()).toEqual([])
        if (unacknowledged().length === 0) expectDelivery(scenario, run, 'probe')
        // Unacknowledged messages are redelivered on the next connection.
        broker.disconnect('me')
        advance(120_000)
        expect(unacknowledged()).toEqual([])
        expectDelivery(scenario, run, 'another probe')
        expect(timers()).toBe(0)
        if (scenario.unsubscribesFirst) {
          for (const { unsubscribe } of activeSubscribers()) unsubscribe()
          advance(1_000)
          expect(broker.subscriptions()).toEqual([])
          expect(timers()).toBe(0)
        }
        await expectClosed(run)
      }),
      longRuns,
    )
  })
})
