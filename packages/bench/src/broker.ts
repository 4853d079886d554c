import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { cpus } from 'node:os'
import { startContestants } from './broker-contestants.js'
import type { Contestant } from './broker-contestants.js'
import { dial, echo, fanOut, gone, subscribe } from './broker-load.js'
import type { Measured } from './broker-load.js'
import { brokerSettingsFrom } from './broker-settings.js'

const { rounds, milliseconds, idle, only, nodeOptions } = brokerSettingsFrom(process.argv.slice(2))

/** A row of the table: what is done to each broker in each round. */
interface Row {
  readonly name: string
  readonly run: (contestant: Contestant) => Promise<Measured>
}

const echoes = [0, 1].flatMap((qos) =>
  [1, 64, 1_024].map((inFlight): Row => ({
    name: `echo QoS ${qos}, ${inFlight} in flight`,
    run: ({ port }) => echo(port, { qos: qos as 0 | 1, inFlight, milliseconds }),
  })),
)

/** The audience of each broker; it stays, since coming and going would weigh on whoever is measured next. */
const audiences = new Map<Contestant, Promise<Socket[]>>()

async function gather({ port }: Contestant): Promise<Socket[]> {
  const names = Array.from({ length: 1_000 }, (_, index) => `fan-${index}`)
  const receivers = await Promise.all(names.map((name) => dial(port, name)))
  await Promise.all(receivers.map((receiver) => subscribe(receiver, 'bench/fan', 0)))
  return receivers
}

async function fan(contestant: Contestant): Promise<Measured> {
  const audience = audiences.get(contestant) ?? gather(contestant)
  audiences.set(contestant, audience)
  const receivers = await audience
  const publisher = await dial(contestant.port, 'fan')
  const measured = await fanOut(receivers, publisher, milliseconds)
  await gone(publisher)
  return measured
}

const rows = [...echoes, { name: 'fan-out 1 to 1 000, deliveries', run: fan }].filter(({ name }) =>
  name.includes(only),
)

/** What a broker did in one slice. */
interface Slice {
  readonly rate: number
  readonly p99: number
  /** Microseconds of the broker's CPU for each message. */
  readonly cpu: number
}

async function slice(row: Row, contestant: Contestant): Promise<Slice> {
  const before = contestant.cpu()
  const { messages, milliseconds: took, p99 } = await row.run(contestant)
  return { rate: (messages * 1_000) / took, p99, cpu: (contestant.cpu() - before) / messages }
}

/** Bytes for each of many connections that say nothing. */
async function perConnection(contestant: Contestant): Promise<number> {
  const start = await contestant.memory()
  const sockets = []
  for (let index = 0; index < idle; index++) sockets.push(await dial(contestant.port, `idle-${index}`))
  const bytes = (await contestant.memory()) - start
  await Promise.all(sockets.map(gone))
  return bytes / idle
}

/** Bytes for each of many stored sessions with one subscription each, whose clients are away. */
async function perSession(contestant: Contestant): Promise<number> {
  const visit = async (name: string, isClean: boolean): Promise<void> => {
    const socket = await dial(contestant.port, name, isClean)
    await subscribe(socket, `kept/${name}`, 1)
    await gone(socket)
  }
  // What coming and going costs once is there already when the counting begins.
  for (let index = 0; index < idle / 2; index++) await visit(`passing-${index}`, true)
  const start = await contestant.memory()
  for (let index = 0; index < idle; index++) await visit(`kept-${index}`, false)
  return ((await contestant.memory()) - start) / idle
}

/** Measures each of them in a process of its own, which holds nothing yet that it could use again. */
async function memory(measure: (contestant: Contestant) => Promise<number>): Promise<string[]> {
  const fresh = await startContestants([])
  const bytes = []
  for (const contestant of fresh) bytes.push(await measure(contestant))
  for (const { stop } of fresh) stop()
  return bytes.map((each) => Math.round(each).toLocaleString('en'))
}

/** Microseconds that all processors together have been busy, and that we and the brokers have used. */
function busy(): readonly [all: number, ours: number] {
  const [, ...counts] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/ +/).map(Number)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = counts
  const { user: own, system: kernel } = process.cpuUsage()
  const brokers = contestants.reduce((sum, { cpu }) => sum + cpu(), 0)
  return [(user + nice + system + irq + softirq + steal) * 10_000, own + kernel + brokers]
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

function line(cells: readonly string[]): void {
  const [first = '', ...others] = cells
  console.log(first.padEnd(32) + others.map((cell) => cell.padStart(13)).join(''))
}

const contestants = await startContestants(nodeOptions)
try {
  const [allBefore, oursBefore] = busy()
  const began = performance.now()
  const slices = rows.map(() => contestants.map((): Slice[] => []))
  // The first round runs before the compilers are done, and is left out.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, row] of rows.entries()) {
      for (let turn = 0; turn < contestants.length; turn++) {
        // Another one begins each time, so that nobody always has the same one before it.
        const which = (turn + round) % contestants.length
        const measured = await slice(row, contestants[which] as Contestant)
        if (round > 0) slices[index]?.[which]?.push(measured)
      }
    }
  }
  const [all, ours] = busy()
  const capacity = (performance.now() - began) * 1_000 * cpus().length
  const others = Math.max(0, all - allBefore - (ours - oursBefore)) / capacity
  const names = contestants.map(({ name }) => name)
  const middle = (index: number, key: keyof Slice): number[] =>
    contestants.map((_, which) => median((slices[index]?.[which] ?? []).map((each) => each[key])))
  const table = (title: string, key: keyof Slice, digits: number): void => {
    console.log(`\n${title}: medians of ${rounds} interleaved rounds`)
    line(['', ...names, 'to aedes', 'to mosquitto'])
    for (const [index, { name }] of rows.entries()) {
      const [ours = NaN, ...others] = middle(index, key)
      if (Number.isNaN(ours)) continue
      const cells = [ours, ...others].map((value) =>
        value.toLocaleString('en', { maximumFractionDigits: digits }),
      )
      line([name, ...cells, ...others.map((other) => `${(ours / other).toFixed(2)} ×`)])
    }
  }
  table('messages a second', 'rate', 0)
  table('99th percentile of the round trip, ms', 'p99', 2)
  table('CPU time of the broker for each message, µs', 'cpu', 2)
  const missed = rows.filter((_, index) => {
    const [own = NaN, aedes = NaN, mosquitto = NaN] = middle(index, 'rate')
    return own < aedes || own < mosquitto / 2
  })
  const verdict = missed.length === 0 ? 'every row' : `not: ${missed.map(({ name }) => name).join('; ')}`
  console.log(`\nat least aedes, and half of Mosquitto: ${verdict}`)
  const share = Math.round(others * 100)
  console.log(
    `other processes had ${share} % of the machine; beyond some ten, rows with 1 in flight mean little`,
  )
  for (const { stop } of contestants) stop()
  console.log(`\nresident bytes for each of ${idle}`)
  line(['', ...names])
  line(['idle connection', ...(await memory(perConnection))])
  line(['stored session, 1 subscription', ...(await memory(perSession))])
} finally {
  for (const { stop } of contestants) stop()
}
