import { setTimeout as wait } from 'node:timers/promises'
import { AntiphonError, requesterStats, exchange$, request, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom, lastValueFrom, take } from 'rxjs'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'
import { reading, readings, silence } from '../contract.js'
import { takeSample } from '../sample.js'
import type { SoakPeerRole } from './responder.js'

const { port, samples, every, rate } = readRole<SoakPeerRole>()
const url = `mqtt://127.0.0.1:${port}`
const link = connect(url, { clientId: 'requester' })
const question = (id: number) => ({ id, city: `city ${id % 100}` })

let requested = 0
let answered = 0
let failed = 0
const fail = (error: unknown): void => {
  failed += 1
  console.error(AntiphonError.from(error).message)
}

function sendRequest(): void {
  requested += 1
  exchange$(link, reading, question(requested), { timeout: 5_000 }).subscribe({
    next: () => (answered += 1),
    error: fail,
  })
}

/** What is asked beside the steady load: all that must leave nothing behind. */
const occasions: readonly ((link: Link) => Promise<unknown>)[] = [
  // A stream to its end, one that is left, one with credit.
  (on) => lastValueFrom(exchange$(on, readings, question(requested))),
  (on) => lastValueFrom(exchange$(on, readings, question(requested)).pipe(take(3))),
  (on) => lastValueFrom(exchange$(on, readings, question(requested), { credit: 2 })),
  // A question that runs out of time, and one that is called off.
  (on) => request(on, silence, question(requested), { timeout: 200 }).catch(() => undefined),
  (on) =>
    request(on, silence, question(requested), { signal: AbortSignal.timeout(100) }).catch(() => undefined),
  // A client that comes, asks and goes.
  async () => {
    const guest = connect(url)
    await request(guest, reading, question(requested))
    await guest.close()
  },
]

function load(): readonly NodeJS.Timeout[] {
  const tick = 10
  let last = performance.now()
  let owed = 0
  const steady = setInterval(() => {
    const now = performance.now()
    owed = Math.min(rate, owed + ((now - last) * rate) / 1_000)
    last = now
    for (; owed >= 1; owed -= 1) sendRequest()
  }, tick)
  let turn = 0
  const occasional = setInterval(() => {
    occasions[(turn += 1) % occasions.length]?.(link).catch(fail)
  }, 250)
  return [steady, occasional]
}

const own = (): Readonly<Record<string, number>> => ({
  asked: requested,
  answered,
  failed,
  open:
    requesterStats(link, reading).pending +
    requesterStats(link, readings).pending +
    requesterStats(link, silence).pending,
})
const sampling = setInterval(() => takeSample(samples, own()), every)

/** Closes the link once every question has its outcome. */
async function leave(): Promise<void> {
  for (let isOpen = true; isOpen; isOpen = own()['open'] !== 0) await wait(50)
  await link.close()
  takeSample(samples, own())
  notifyParent('finished')
}

let loading: readonly NodeJS.Timeout[] = []
onParentMessage({
  load: () => {
    loading = load()
  },
  finish: () => {
    for (const each of [sampling, ...loading]) clearInterval(each)
    void leave()
  },
})
await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
takeSample(samples, own())
notifyParent('ready')
