import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { durableRequests } from '@antiphon/durable'
import { levelStore } from '@antiphon/durable/level'
import { connect } from '@antiphon/mqtt'
import { isLeft } from 'fp-ts/lib/Either.js'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'
import { ledgerFiles, order, type DurabilityRole } from '../contract.js'

/** So many orders may wait for their outcomes while the responder is away. */
const maxPending = 100

const { url, folder, starts } = readRole<DurabilityRole>()
// Every second process leaves no session at the broker: its requests are then sent again.
const isPersistent = starts % 2 === 0
const link = connect(url, {
  clientId: 'till',
  clean: !isPersistent,
  ...(isPersistent && { properties: { sessionExpiryInterval: 3_600 } }),
})
// The test kills processes, not machines, so nothing need be flushed to the disk.
const requests = durableRequests(link, order, {
  store: levelStore(join(folder, 'requests'), { sync: false }),
  attemptTimeout: 300,
})
const write = (file: string, line: string): void => appendFileSync(join(folder, file), `${line}\n`)

let pending = 0
let isFinishing = false
let onOutcome = (): void => undefined

requests.outcomes$.subscribe(({ key, result, acknowledge }) => {
  const outcome = isLeft(result) ? (result.left.status?.applicationCode ?? result.left.message) : 'done'
  write(ledgerFiles.outcomes, `${key} ${outcome}`)
  pending--
  onOutcome()
  void acknowledge().then(finishIfEmpty)
})

async function finishIfEmpty(): Promise<void> {
  if (isFinishing && (await requests.keys()).length === 0) notifyParent('finished')
}

async function sendOrders(): Promise<void> {
  for (let number = 1; !isFinishing; number++) {
    const key = `${starts}-${number}`
    await requests.send(key, key)
    write(ledgerFiles.sent, key)
    notifyParent('progress')
    pending++
    while (pending >= maxPending) await new Promise<void>((resolve) => (onOutcome = resolve))
  }
  await finishIfEmpty()
}

onParentMessage({ finish: () => (isFinishing = true) })
void sendOrders()
notifyParent('ready')
