import {
  brokerKinds,
  requesterNames,
  responderNames,
  type RequestPolicy,
  type BrokerKind,
  type ScheduledFault,
  type Fault,
  type FaultKind,
  type PeerName,
  type Plan,
} from './run/plan.js'
import { between, pick, randomFrom, type Random } from './random.js'

const peers = [...requesterNames, ...responderNames] as const
const directions = ['outbound', 'inbound'] as const

/** Creates a fault of each kind with random parameters. */
const faultFactories: { readonly [K in FaultKind]: (random: Random) => Fault & { readonly kind: K } } = {
  'broker killed': () => ({ kind: 'broker killed' }),
  'responder killed': (random) => ({ kind: 'responder killed', peer: pick(random, responderNames) }),
  'rolling restart': () => ({ kind: 'rolling restart' }),
  'broker stopped': () => ({ kind: 'broker stopped' }),
  'responder stopped': (random) => ({ kind: 'responder stopped', peer: pick(random, responderNames) }),
  'requester stopped': (random) => ({ kind: 'requester stopped', peer: pick(random, requesterNames) }),
  'connection cut': (random) => ({ kind: 'connection cut', peer: pick(random, peers) }),
  'one side cut': (random) => ({
    kind: 'one side cut',
    peer: pick(random, peers),
    side: pick(random, ['peer', 'broker']),
  }),
  'half closed': (random) => ({
    kind: 'half closed',
    peer: pick(random, peers),
    direction: pick(random, directions),
  }),
  stalled: (random) => ({ kind: 'stalled', peer: pick(random, peers), direction: pick(random, directions) }),
  delayed: (random) => ({
    kind: 'delayed',
    peer: pick(random, peers),
    milliseconds: between(random, 20, 300),
  }),
  throttled: (random) => ({
    kind: 'throttled',
    peer: pick(random, peers),
    bytesPerSecond: between(random, 2_000, 30_000),
  }),
  corrupted: (random) => ({
    kind: 'corrupted',
    peer: pick(random, peers),
    direction: pick(random, directions),
  }),
  'session dropped': (random) => ({ kind: 'session dropped', peer: pick(random, peers) }),
  'disk full': () => ({ kind: 'disk full' }),
  'files exhausted': (random) => ({ kind: 'files exhausted', target: pick(random, ['broker', ...peers]) }),
  'clock set': (random) => ({
    kind: 'clock set',
    target: pick(random, ['broker', ...peers]),
    hours: pick(random, [1, -1] as const),
  }),
}

/** All kinds of faults. */
export const faultKinds: readonly FaultKind[] = Object.keys(faultFactories) as FaultKind[]

/** The usual rate in requests a second. */
export const usualRate = 600

/** One in this many stops of a process outlasts the Keep Alive. */
const stopsPerLongStop = 6
const longStopDuration = 10_000

/**
 * Returns the plan of a run: a pure function of its seed.
 *
 * Successive seeds cycle through all kinds of faults as the first fault, and through the brokers. Further faults, their
 * targets and times are random.
 */
export function planOf(seed: number, rate: number = usualRate): Plan {
  const random = randomFrom(seed)
  const broker = brokerKinds[Math.floor(seed / faultKinds.length) % brokerKinds.length] ?? 'embedded'
  const firstKind = faultKinds[seed % faultKinds.length] ?? 'connection cut'
  const furtherKinds = Array.from(
    { length: between(random, 0, 2) },
    () => faultKinds[between(random, 0, faultKinds.length - 1)],
  )
  const faults: ScheduledFault[] = []
  let at = between(random, 300, 600)
  for (const kind of [firstKind, ...furtherKinds]) {
    if (kind === undefined) continue
    const fault = faultFactories[kind](random)
    // Two faults on one target would interfere: the end of the first would revert the second.
    if (faults.some((other) => hasSameTarget(other, fault))) continue
    const isLong =
      kind.endsWith('stopped') && faults.length === 0 && between(random, 1, stopsPerLongStop) === 1
    const duration = isLong ? longStopDuration : between(random, 200, 1_200)
    faults.push({ ...fault, at, duration })
    // Faults may overlap.
    at += between(random, Math.min(duration, 200), Math.min(duration, 1_200) + 300)
  }
  const end = Math.max(...faults.map((fault) => fault.at + fault.duration))
  return {
    seed,
    broker,
    rate,
    requestPolicy: requestPolicyFor(broker, faults, random),
    faults,
    loadDuration: end + 700,
  }
}

/**
 * Returns how requests are sent.
 *
 * Sending a request once shows whether it can be lost. Where a loss is unavoidable (the broker loses its store, a session
 * is dropped, bytes are changed, a clock skips an hour), requests are retried.
 */
function requestPolicyFor(
  broker: BrokerKind,
  faults: readonly ScheduledFault[],
  random: Random,
): RequestPolicy {
  // A request sent at the start of the longest fault is still pending when the system must have recovered.
  const timeout =
    15_000 + Math.max(...faults.map(({ duration }) => (duration < longStopDuration ? 0 : duration)))
  const mustRetry = faults.some(
    ({ kind }) =>
      kind === 'session dropped' ||
      kind === 'corrupted' ||
      kind === 'clock set' ||
      (broker === 'mosquitto' && kind === 'broker killed'),
  )
  const isRetried = mustRetry || random() < 0.3
  return {
    timeout,
    style: isRetried ? 'retried' : 'once',
    acknowledge: isRetried && random() < 0.7 ? 'on-start' : 'after-response',
  }
}

type FaultTarget = PeerName | 'broker' | 'responders'

/** Returns the process or connection that a fault concerns. */
function targetOf(fault: Fault): FaultTarget {
  if (fault.kind === 'rolling restart') return 'responders'
  if ('peer' in fault) return fault.peer
  return 'target' in fault ? fault.target : 'broker'
}

function hasSameTarget(one: Fault, other: Fault): boolean {
  const targets = [targetOf(one), targetOf(other)] as const
  const isResponder = (target: FaultTarget): boolean => target.startsWith('responder')
  return targets[0] === targets[1] || (targets.includes('responders') && targets.every(isResponder))
}
