/** A page that sends orders without end and notes them in its local storage, which is written at once. */
import { durableRequests } from '@antiphon/durable'
import { storeContract, type StoreCase } from '@antiphon/durable/contract'
import { indexedDbStore } from '@antiphon/durable/indexed-db'
import { connect } from '@antiphon/mqtt/web'
import { isLeft } from 'fp-ts/lib/Either.js'
import { order } from './order.js'

/** How many orders may wait for their outcomes, so that a slow responder does not fill the store. */
const maxPending = 100

let sent = 0

const note = (kind: string, key: string, text = ''): void => localStorage.setItem(`${kind} ${key}`, text)

/** Returns how many orders this page has sent since it was loaded. */
const sentOrders = (): number => sent

/** Returns the notes of a kind: what was noted, by key. */
function notesOf(kind: string): Record<string, string> {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(`${kind} `))
  return Object.fromEntries(
    names.map((name) => [name.slice(kind.length + 1), localStorage.getItem(name) ?? '']),
  )
}

/** Sends orders; with `last`, only those that are in the store. */
async function sendOrders(url: string, run: string): Promise<void> {
  const link = connect(url, {
    clientId: 'page',
    clean: false,
    properties: { sessionExpiryInterval: 3_600 },
  })
  const requests = durableRequests(link, order, {
    store: indexedDbStore('orders', { lockTimeout: 60_000 }),
    attemptTimeout: 1_000,
  })
  let pending = 0
  let onOutcome = (): void => undefined
  requests.outcomes$.subscribe({
    next: ({ key, result, acknowledge }) => {
      pending--
      onOutcome()
      note('outcome', key, isLeft(result) ? result.left.message : result.right)
      void acknowledge().then(() => endIfLast())
    },
    error: (error: unknown) => note('fault', run, String(error)),
  })
  const endIfLast = async (): Promise<void> => {
    if (run === 'last' && (await requests.keys()).length === 0) note('end', run)
  }
  if (run === 'last') return endIfLast()
  for (let number = 1; ; number++) {
    const key = `${run}-${number}`
    await requests.send(key, key)
    note('sent', key)
    sent++
    pending++
    while (pending >= maxPending) await new Promise<void>((resolve) => (onOutcome = resolve))
  }
}

/** Runs the contract of stores on IndexedDB, and returns the cases that failed. */
async function runContract(): Promise<readonly string[]> {
  const failures: string[] = []
  const casesOf = (lockTimeout: number, isExclusive: boolean): readonly StoreCase[] =>
    storeContract({ store: (name) => indexedDbStore(name, { lockTimeout }), isExclusive })
  const cases = casesOf(60_000, false)
  // The case of a second page waits for the whole of the time, and no other does.
  const exclusive = casesOf(1_500, true).filter(({ name }) => !cases.some((known) => known.name === name))
  if (exclusive.length !== 1) failures.push(`${exclusive.length} cases are about a second page`)
  for (const { name, run } of [...cases, ...exclusive])
    await run().catch((error: unknown) => failures.push(`${name}: ${String(error)}`))
  return failures
}

Object.assign(globalThis, { sendOrders, sentOrders, notesOf, runContract })
