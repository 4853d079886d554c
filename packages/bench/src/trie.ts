import { TopicTrie } from '@antiphon/core/topic'
import { interleaved, type TimedTask } from './measure-interleaved.js'

/** A kind of filter, with a topic that only this filter matches. */
interface Kind {
  readonly name: string
  readonly filter: (index: number) => string
  readonly topic: (index: number) => string
}

const sizes = [10, 1_000, 100_000]
const messages = 10_000
const rounds = 30

const exact: Kind = {
  name: 'response/<client>',
  filter: (index) => `response/client-${index}`,
  topic: (index) => `response/client-${index}`,
}
const single: Kind = {
  name: 'vehicles/unlock/res/<mobile>/+',
  filter: (index) => `vehicles/unlock/res/mobile${index}/+`,
  topic: (index) => `vehicles/unlock/res/mobile${index}/car7`,
}
const multiple: Kind = {
  name: 'site/+/<line>/<device>/#',
  filter: (index) => `site/+/line${index % 97}/device${index}/#`,
  topic: (index) => `site/a/line${index % 97}/device${index}/state/x`,
}
const kinds = [exact, single, multiple]
const mixed: Kind = {
  name: 'all of these',
  filter: (index) => kinds[index % kinds.length]?.filter(index) ?? '',
  topic: (index) => kinds[index % kinds.length]?.topic(index) ?? '',
}

/** Returns a task that matches messages for `busy` of the filters. Each topic is a new string, as after decoding a packet. */
function matchTask(kind: Kind, size: number, busy: number): TimedTask {
  const trie = new TopicTrie<number>()
  for (let index = 0; index < size; index += 1) trie.add(kind.filter(index), index)
  const count = Math.min(busy, size)
  const stride = Math.floor(size / count)
  const encodedTopics = Array.from({ length: messages }, () =>
    Buffer.from(kind.topic(Math.floor(Math.random() * count) * stride)),
  )
  let found = 0
  const visit = (): void => void (found += 1)
  return {
    operations: messages,
    prepare: () => {
      const topics = encodedTopics.map((bytes) => bytes.toString('latin1'))
      found = 0
      return () => {
        for (const topic of topics) trie.match(topic, visit)
        if (found !== messages) throw new Error(`${found} of ${messages} messages matched a filter`)
      }
    },
  }
}

function row(cells: readonly (string | number)[]): string {
  const [first = '', ...others] = cells
  return String(first).padEnd(32) + others.map((cell) => cell.toLocaleString('en').padStart(14)).join('')
}

console.log('CPU time to match one message, in nanoseconds: medians of interleaved rounds\n')
console.log(row(['filters like', 'busy topics', ...sizes, '100,000 to 10']))
for (const busy of [10, 100, 1_000, 100_000]) {
  for (const kind of [exact, single, multiple, mixed]) {
    const times = interleaved(
      rounds,
      sizes.map((size) => matchTask(kind, size, busy)),
    )
    const ratio = (times.at(-1) ?? NaN) / (times[0] ?? NaN)
    console.log(row([kind.name, busy, ...times.map(Math.round), `${ratio.toFixed(2)} ×`]))
  }
}
