import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { cpus } from 'node:os'
import { startBrokers } from './measured-brokers.js'
import type { MeasuredBroker } from './measured-brokers.js'
import { connectClient, echo, fanOut, disconnect, subscribe } from './broker-load.js'
import type { LoadResult } from './broker-load.js'
import { brokerSettingsFrom } from './broker-settings.js'
import { quiet } from './quiet-load.js'
import { retain, retainedMessages, subscribeToRetained } from './retained-load.js'

const { rounds, milliseconds, idle, only, nodeOptions } = brokerSettingsFrom(process.argv.slice(2))

/** A row of the table: the load that each broker gets in each round. */
interface BrokerRow {
  readonly name: string
  readonly run: (broker: MeasuredBroker) => Promise<LoadResult>
}

const echoes = [0, 1].flatMap((qos) =>
  [1, 64, 1_024].map((inFlight): BrokerRow => ({
    name: `echo QoS ${qos}, ${inFlight} in flight`,
    run: ({ port }) => echo(port, { qos: qos as 0 | 1, inFlight, milliseconds }),
  })),
)

/** Connects receivers once for each broker. They stay connected, because reconnecting would disturb the next measurement. */
function receiversOnce(kind: string, count: number): (broker: MeasuredBroker) => Promise<Socket[]> {
  const receiversOf = new Map<MeasuredBroker, Promise<Socket[]>>()
  const connectAll = async ({ port }: MeasuredBroker): Promise<Socket[]> => {
    const names = Array.from({ length: count }, (_, index) => `${kind}-${index}`)
    const receivers = await Promise.all(names.map((name) => connectClient(port, name)))
    await Promise.all(receivers.map((receiver) => subscribe(receiver, `bench/${kind}`, 0)))
    return receivers
  }
  return (broker) => {
    const connected = receiversOf.get(broker) ?? connectAll(broker)
    receiversOf.set(broker, connected)
    return connected
  }
}

const fanReceivers = receiversOnce('fan', 1_000)
const quietReceivers = receiversOnce('quiet', 10)

async function fan(broker: MeasuredBroker): Promise<LoadResult> {
  const receivers = await fanReceivers(broker)
  const publisher = await connectClient(broker.port, 'fan')
  const measured = await fanOut(receivers, publisher, milliseconds)
  await disconnect(publisher)
  return measured
}

async function quietly(broker: MeasuredBroker): Promise<LoadResult> {
  const receivers = await quietReceivers(broker)
  const publisher = await connectClient(broker.port, 'quiet')
  // Longer than the other rows: a quiet load has few messages.
  const measured = await quiet(receivers, publisher, 5 * milliseconds)
  await disconnect(publisher)
  return measured
}

const rows = [
  ...echoes,
  { name: 'fan-out 1 to 1 000, deliveries', run: fan },
  { name: 'quiet, 1 to 10 each 10 ms', run: quietly },
].filter(({ name }) => name.includes(only))

/** The figures of a broker in one slice. */
interface BrokerSlice {
  readonly rate: number
  readonly p99: number
  /** CPU time of the broker per message, in microseconds. */
  readonly cpu: number
}

async function slice(row: BrokerRow, broker: MeasuredBroker): Promise<BrokerSlice> {
  const before = broker.cpu()
  const { messages, milliseconds: took, p99 } = await row.run(broker)
  return { rate: (messages * 1_000) / took, p99, cpu: (broker.cpu() - before) / messages }
}

/** Returns the bytes per idle connection. */
async function perConnection(broker: MeasuredBroker): Promise<number> {
  const start = await broker.memory()
  const sockets = []
  for (let index = 0; index < idle; index++) sockets.push(await connectClient(broker.port, `idle-${index}`))
  const bytes = (await broker.memory()) - start
  await Promise.all(sockets.map(disconnect))
  return bytes / idle
}

/** Returns the bytes per stored session with one subscription and without a connection. */
async function perSession(broker: MeasuredBroker): Promise<number> {
  const subscribeOnce = async (name: string, isClean: boolean): Promise<void> => {
    const socket = await connectClient(broker.port, name, isClean)
    await subscribe(socket, `stored/${name}`, 1)
    await disconnect(socket)
  }
  // The first connections make the broker allocate memory that it keeps; that is not counted.
  for (let index = 0; index < idle / 2; index++) await subscribeOnce(`transient-${index}`, true)
  const start = await broker.memory()
  for (let index = 0; index < idle; index++) await subscribeOnce(`stored-${index}`, false)
  return ((await broker.memory()) - start) / idle
}

/** Measures each broker in a new process, which has no free memory to reuse. */
async function memory(measure: (broker: MeasuredBroker) => Promise<number>): Promise<string[]> {
  const newBrokers = await startBrokers([])
  const bytes = []
  for (const broker of newBrokers) bytes.push(await measure(broker))
  for (const { stop } of newBrokers) await stop()
  return bytes.map((count) => Math.round(count).toLocaleString('en'))
}

/** The figures of 500 filters over 50 000 retained messages. */
interface RetainedFigures {
  readonly rate: number
  /** CPU time of the broker per message, in microseconds. */
  readonly cpu: number
  /** The longest ping of another client meanwhile, in milliseconds. */
  readonly ping: number
}

/** Measures 500 filters over 50 000 retained messages three times in a new process. */
async function retainedFigures(broker: MeasuredBroker): Promise<RetainedFigures> {
  await retain(broker.port)
  const figures: RetainedFigures[] = []
  for (let round = 0; round < 3; round++) {
    const before = broker.cpu()
    const result = await subscribeToRetained(broker.port)
    figures.push({
      rate: (retainedMessages * 1_000) / result.milliseconds,
      cpu: (broker.cpu() - before) / retainedMessages,
      ping: result.longestPing,
    })
  }
  const medianOf = (key: keyof RetainedFigures): number => median(figures.map((measured) => measured[key]))
  return { rate: medianOf('rate'), cpu: medianOf('cpu'), ping: medianOf('ping') }
}

async function printRetained(): Promise<void> {
  const newBrokers = await startBrokers([])
  const figures: RetainedFigures[] = []
  for (const broker of newBrokers) figures.push(await retainedFigures(broker))
  const table = (title: string, key: keyof RetainedFigures, digits: number): void => {
    console.log(`\n${title}: medians of 3 rounds`)
    line(['', ...newBrokers.map(({ name }) => name)])
    const cells = figures.map((measured) =>
      measured[key].toLocaleString('en', { maximumFractionDigits: digits }),
    )
    line(['500 filters, 50 000 retained', ...cells])
  }
  table('messages a second', 'rate', 0)
  table('CPU time of the broker per message, µs', 'cpu', 2)
  table('longest ping of another client, ms', 'ping', 0)
  for (const { stop } of newBrokers) await stop()
}

/** Returns the busy time of all processors, and the CPU time of this process and the brokers, in microseconds. */
function busyTimes(): readonly [machine: number, benchmark: number] {
  const [, ...counts] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/ +/).map(Number)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = counts
  const { user: ownUser, system: ownSystem } = process.cpuUsage()
  const brokers = measuredBrokers.reduce((sum, { cpu }) => sum + cpu(), 0)
  return [(user + nice + system + irq + softirq + steal) * 10_000, ownUser + ownSystem + brokers]
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

function line(cells: readonly string[]): void {
  const [first = '', ...others] = cells
  console.log(first.padEnd(32) + others.map((cell) => cell.padStart(13)).join(''))
}

const measuredBrokers = await startBrokers(nodeOptions)
try {
  const [machineBefore, benchmarkBefore] = busyTimes()
  const began = performance.now()
  const slices = rows.map(() => measuredBrokers.map((): BrokerSlice[] => []))
  // The first round is a warm-up of the JIT compiler and is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, row] of rows.entries()) {
      for (let turn = 0; turn < measuredBrokers.length; turn++) {
        // Rotate the order, so that each broker follows each other broker.
        const position = (turn + round) % measuredBrokers.length
        const measured = await slice(row, measuredBrokers[position] as MeasuredBroker)
        if (round > 0) slices[index]?.[position]?.push(measured)
      }
    }
  }
  const [machine, benchmark] = busyTimes()
  const capacity = (performance.now() - began) * 1_000 * cpus().length
  const otherShare = Math.max(0, machine - machineBefore - (benchmark - benchmarkBefore)) / capacity
  const names = measuredBrokers.map(({ name }) => name)
  const medians = (index: number, key: keyof BrokerSlice): number[] =>
    measuredBrokers.map((_, position) =>
      median((slices[index]?.[position] ?? []).map((figures) => figures[key])),
    )
  const table = (title: string, key: keyof BrokerSlice, digits: number): void => {
    console.log(`\n${title}: medians of ${rounds} interleaved rounds`)
    line(['', ...names, 'to aedes', 'to mosquitto'])
    for (const [index, { name }] of rows.entries()) {
      const [embedded = NaN, ...others] = medians(index, key)
      if (Number.isNaN(embedded)) continue
      const cells = [embedded, ...others].map((value) =>
        value.toLocaleString('en', { maximumFractionDigits: digits }),
      )
      line([name, ...cells, ...others.map((other) => `${(embedded / other).toFixed(2)} ×`)])
    }
  }
  table('messages a second', 'rate', 0)
  table('99th percentile of the round trip, ms', 'p99', 2)
  table('CPU time of the broker per message, µs', 'cpu', 2)
  const missed = rows.filter((_, index) => {
    const [embedded = NaN, aedes = NaN, mosquitto = NaN] = medians(index, 'rate')
    return embedded < aedes || embedded < mosquitto / 2
  })
  const verdict = missed.length === 0 ? 'in every row' : `not in ${missed.map(({ name }) => name).join('; ')}`
  console.log(`\nat least as fast as aedes and half as fast as Mosquitto: ${verdict}`)
  const share = Math.round(otherShare * 100)
  console.log(
    `other processes used ${share} % of the machine; above 10 %, rows with 1 in flight are unreliable`,
  )
  for (const { stop } of measuredBrokers) await stop()
  console.log(`\nresident bytes per connection or session, of ${idle}`)
  line(['', ...names])
  line(['idle connection', ...(await memory(perConnection))])
  line(['stored session, 1 subscription', ...(await memory(perSession))])
  await printRetained()
} finally {
  for (const { stop } of measuredBrokers) await stop()
}
