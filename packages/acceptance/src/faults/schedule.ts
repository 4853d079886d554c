import {
  brokerKinds,
  requesterNames,
  responderNames,
  type Asking,
  type BrokerKind,
  type Fault,
  type Harm,
  type HarmKind,
  type PeerName,
  type Plan,
} from './plan.js'
import { between, pick, randomFrom, type Random } from './random.js'

const peers = [...requesterNames, ...responderNames] as const
const ways = ['up', 'down'] as const

/** How each kind of harm is filled in by chance. */
const harms: { readonly [K in HarmKind]: (random: Random) => Harm & { readonly kind: K } } = {
  'broker killed': () => ({ kind: 'broker killed' }),
  'responder killed': (random) => ({ kind: 'responder killed', peer: pick(random, responderNames) }),
  'broker stopped': () => ({ kind: 'broker stopped' }),
  'responder stopped': (random) => ({ kind: 'responder stopped', peer: pick(random, responderNames) }),
  'requester stopped': (random) => ({ kind: 'requester stopped', peer: pick(random, requesterNames) }),
  'connection cut': (random) => ({ kind: 'connection cut', peer: pick(random, peers) }),
  'one side cut': (random) => ({
    kind: 'one side cut',
    peer: pick(random, peers),
    side: pick(random, ['peer', 'broker']),
  }),
  'half closed': (random) => ({ kind: 'half closed', peer: pick(random, peers), way: pick(random, ways) }),
  stalled: (random) => ({ kind: 'stalled', peer: pick(random, peers), way: pick(random, ways) }),
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
  corrupted: (random) => ({ kind: 'corrupted', peer: pick(random, peers), way: pick(random, ways) }),
  'session dropped': (random) => ({ kind: 'session dropped', peer: pick(random, peers) }),
  'disk full': () => ({ kind: 'disk full' }),
  'files exhausted': (random) => ({ kind: 'files exhausted', who: pick(random, ['broker', ...peers]) }),
  'clock set': (random) => ({
    kind: 'clock set',
    who: pick(random, ['broker', ...peers]),
    hours: pick(random, [1, -1] as const),
  }),
}

/** Every kind of harm. */
export const harmKinds: readonly HarmKind[] = Object.keys(harms) as HarmKind[]

/** Requests a second. */
export const usualRate = 600

/** One in so many stops of a process lasts 10 s, since a second proves nothing about keep-alives. */
const longStop = 6
const longStopLasts = 10_000

/**
 * What happens in a run: a pure function of its seed. Successive seeds go through all kinds of harm as the first fault,
 * and through the brokers; what else comes, to whom and when is left to chance.
 */
export function planOf(seed: number, rate: number = usualRate): Plan {
  const random = randomFrom(seed)
  const broker = brokerKinds[Math.floor(seed / harmKinds.length) % brokerKinds.length] ?? 'embedded'
  const leading = harmKinds[seed % harmKinds.length] ?? 'connection cut'
  const further = Array.from(
    { length: between(random, 0, 2) },
    () => harmKinds[between(random, 0, harmKinds.length - 1)],
  )
  const faults: Fault[] = []
  let at = between(random, 300, 600)
  for (const kind of [leading, ...further]) {
    if (kind === undefined) continue
    const harm = harms[kind](random)
    // What works on the same process or connection at a time would undo itself.
    if (faults.some((other) => isSameGround(other, harm))) continue
    const isLong = kind.endsWith('stopped') && faults.length === 0 && between(random, 1, longStop) === 1
    const lasts = isLong ? longStopLasts : between(random, 200, 1_200)
    faults.push({ ...harm, at, lasts })
    // Sometimes the next comes before this one is over.
    at += between(random, Math.min(lasts, 200), Math.min(lasts, 1_200) + 300)
  }
  const end = Math.max(...faults.map((fault) => fault.at + fault.lasts))
  return { seed, broker, rate, asking: askingFor(broker, faults, random), faults, loadFor: end + 700 }
}

/**
 * Who asks once learns whether anything is lost on the way. Where something must be lost (the broker forgets, a session
 * is dropped, bytes are changed, an hour is left out) asking again is what the library offers.
 */
function askingFor(broker: BrokerKind, faults: readonly Fault[], random: Random): Asking {
  // Whoever asks as the longest fault begins is still owed an answer when all have recovered.
  const timeout = 15_000 + Math.max(...faults.map(({ lasts }) => (lasts < longStopLasts ? 0 : lasts)))
  const mustAskAgain = faults.some(
    ({ kind }) =>
      kind === 'session dropped' ||
      kind === 'corrupted' ||
      kind === 'clock set' ||
      (broker === 'mosquitto' && kind === 'broker killed'),
  )
  return { timeout, style: mustAskAgain || random() < 0.3 ? 'again' : 'once' }
}

type Ground = PeerName | 'broker'

/** Which process or connection a harm works on. */
function groundOf(harm: Harm): Ground {
  if ('peer' in harm) return harm.peer
  return 'who' in harm ? harm.who : 'broker'
}

function isSameGround(one: Harm, other: Harm): boolean {
  return groundOf(one) === groundOf(other)
}
