import { setTimeout as wait } from 'node:timers/promises'
import { attackOutcome, attacksOn, checkTarget, type Attack } from '../test-bed/attack.js'
import type { RawClient } from '../test-bed/raw-client.js'

const aliasTopics = 2_000
const maxAliases = 1_000
const groupMessages = 100
const retainedTopics = 50_000
const filters = 500
/** Milliseconds that another client's ping may take beyond twice the longest one without an attack. */
const maxPing = 50

/** Valid packets that cost the broker much. */
export const load: readonly Attack[] = attacksOn(
  'broker',
  {
    name: 'a subscriber with a Topic Alias Maximum of 65 535, and messages to many long topics',
    run: async (testBed) => {
      const reader = await testBed.attacker('aliases', { properties: { topicAliasMaximum: 65_535 } })
      await reader.subscribe('flood/#')
      const attacker = await testBed.attacker()
      for (let index = 0; index < aliasTopics; index++)
        attacker.publish({ topic: `flood/${index}/${'x'.repeat(1_000)}` })
      await attacker.flush()
      await reader.flush()
      const aliases = reader.received.flatMap((packet) =>
        packet.cmd === 'publish' ? [packet.properties?.topicAlias] : [],
      )
      const distinct = new Set(aliases.filter((alias) => alias !== undefined)).size
      return attackOutcome(
        `${distinct} aliases assigned to ${aliases.length} topics`,
        distinct > maxAliases && `${distinct} aliases assigned`,
        aliases.length !== aliasTopics && `${aliases.length} of ${aliasTopics} messages delivered`,
        await checkTarget(testBed),
      )
    },
  },
  {
    name: `all members of a group cut off, and then ${groupMessages} messages to it`,
    run: async (testBed) => {
      const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
      const names = ['member-1', 'member-2']
      for (const name of names) {
        const member = await testBed.attacker(name, persistent)
        await member.subscribeAt(1, '$share/workers/jobs')
        member.cut()
        await member.isClosedWithin(2_000)
      }
      const publisher = await testBed.attacker()
      // The broker needs a moment to see that the members are gone.
      await wait(200)
      for (let index = 0; index < groupMessages; index++)
        publisher.publish({ topic: 'jobs', payload: `${index}` })
      await publisher.flush()
      const members = await Promise.all(names.map((name) => testBed.attacker(name, persistent)))
      const received = await receiveAll(members, 'jobs', groupMessages)
      return attackOutcome(
        'all of them were delivered when the members came back',
        received !== groupMessages && `${received} of ${groupMessages} acknowledged messages were delivered`,
      )
    },
  },
  {
    name: `one SUBSCRIBE of ${filters} wildcard filters over ${retainedTopics} retained topics`,
    run: async (testBed) => {
      const attacker = await testBed.attacker()
      for (let index = 0; index < retainedTopics; index++) {
        attacker.send({
          cmd: 'publish',
          topic: `r/${index}/a`,
          payload: 'x',
          qos: 0,
          dup: false,
          retain: true,
        })
        // Sent in parts, so that the broker can read meanwhile.
        if (index % 1_000 === 0) await attacker.flush()
      }
      await attacker.flush()
      const other = await testBed.attacker()
      const usual = await longestPing(other, testBed.brokerTime, 300)
      const subscribed = attacker.subscribe(...Array.from({ length: filters }, (_, index) => `+/+/x${index}`))
      const ended = subscribed.then(
        () => undefined,
        () => undefined,
      )
      const longest = await longestPing(other, testBed.brokerTime, 2_000, ended)
      const limit = maxPing + 2 * usual
      return attackOutcome(
        `another client's ping took at most ${longest.toFixed(0)} ms, without the attack ${usual.toFixed(0)} ms`,
        longest > limit &&
          `another client's ping took ${longest.toFixed(0)} ms, without the attack ${usual.toFixed(0)} ms`,
        await checkTarget(testBed),
      )
    },
  },
)

/** Acknowledges what members of a group receive until all of them together have `count` messages, or nothing more arrives. */
async function receiveAll(members: readonly RawClient[], topic: string, count: number): Promise<number> {
  const total = (): number => members.reduce((sum, member) => sum + member.acknowledgeAll(topic), 0)
  for (let quiet = 0; quiet < 10 && total() < count; quiet++) {
    const before = total()
    await wait(100)
    if (total() > before) quiet = 0
  }
  return total()
}

/** Pings for a number of milliseconds, or until `end`; resolves with the longest time to PINGRESP on the broker's clock. */
async function longestPing(
  client: RawClient,
  clock: () => number,
  duration: number,
  end?: Promise<void>,
): Promise<number> {
  let hasEnded = false
  void end?.then(() => (hasEnded = true))
  let longest = 0
  for (const until = performance.now() + duration; performance.now() < until && !hasEnded;) {
    const start = clock()
    await client.flush()
    longest = Math.max(longest, clock() - start)
    await wait(5)
  }
  return longest
}
