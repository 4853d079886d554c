/**
 * Sends orders without end, and notes them: a line `sent <key>` on standard output, and a line per outcome in a file.
 *
 * Usage: till <url> <folder> <run>; with the run `last` it sends nothing new and ends when there is no request left.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { durableRequests } from '@antiphon/durable'
import { levelStore } from '@antiphon/durable/level'
import { connect } from '@antiphon/mqtt'
import { isLeft } from 'fp-ts/lib/Either.js'
import { order } from './order.js'

const [url = '', folder = '', run = ''] = process.argv.slice(2)
const isLast = run === 'last'
// Every second process leaves no session at the broker: its responses are then sent again by the responder.
const isPersistent = Number(run) % 2 === 0
const link = connect(url, {
  clientId: 'till',
  clean: !isPersistent,
  ...(isPersistent && { properties: { sessionExpiryInterval: 3_600 } }),
})
const requests = durableRequests(link, order, {
  store: levelStore(join(folder, 'requests')),
  attemptTimeout: 1_000,
})

requests.outcomes$.subscribe(({ key, result, acknowledge }) => {
  const text = isLeft(result) ? result.left.message : result.right
  appendFileSync(join(folder, 'outcomes.txt'), `${key} ${text}\n`)
  void acknowledge().then(endIfLast)
})

async function endIfLast(): Promise<void> {
  if (isLast && (await requests.keys()).length === 0) process.exit(0)
}

async function sendForEver(lane: number): Promise<void> {
  for (let number = 1; ; number++) {
    const key = `${run}-${lane}-${number}`
    await requests.send(key, key)
    process.stdout.write(`sent ${key}\n`)
  }
}

if (isLast) await endIfLast()
else await Promise.all(Array.from({ length: 8 }, (_, lane) => sendForEver(lane)))
