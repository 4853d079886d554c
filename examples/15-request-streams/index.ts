/**
 * Requests that are streams: a machine uploads its log block by block, and a controller answers temperatures with commands while
 * they arrive.
 *
 * To use another broker: `BROKER_HOST=… BROKER_PORT=1883 npm start 15`.
 */
import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createBroker } from '@antiphon/broker'
import {
  AntiphonError,
  bytes,
  endpoint,
  json,
  request,
  requestMany,
  requests$,
  serve,
  text,
} from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import * as t from 'io-ts'
import {
  concatMap,
  distinctUntilChanged,
  interval,
  lastValueFrom,
  map,
  of,
  take,
  tap,
  throwError,
} from 'rxjs'

const broker = createBroker()
const { BROKER_HOST: host, BROKER_PORT: port = '1883' } = process.env
const url = host === undefined ? (await broker.listen({ protocol: 'tcp' })).url : `mqtt://${host}:${port}`

/** One response to many items. */
const upload = endpoint({ topic: 'machine/log', request: bytes, response: text, requests: 'many' })
/** Items in both directions at once. */
const control = endpoint({
  topic: 'machine/temperature',
  request: json(t.number),
  response: text,
  requests: 'many',
  responses: 'many',
})

const server = connect(url, { clientId: 'server' })
let stored = 0
requests$(server, upload, { credit: 4 })
  .pipe(
    serve(async ({ value: blocks }) => {
      const hash = createHash('sha256')
      for await (const block of blocks) {
        // A slow disk: the credit lets the machine read at most four blocks ahead.
        await wait(2)
        hash.update(block)
        stored++
      }
      return `${stored} blocks, sha256 ${hash.digest('hex').slice(0, 16)}…`
    }),
  )
  .subscribe()
const controls$ = requests$(server, control).pipe(
  serve(({ value: celsius$ }) =>
    celsius$.pipe(
      map((celsius) => (celsius > 80 ? 'cool' : 'run')),
      distinctUntilChanged(),
    ),
  ),
  tap(({ outcome }) => console.log(`server   control: ${outcome}`)),
)
const lastControl = lastValueFrom(controls$.pipe(take(3)))

const machine = connect(url, { clientId: 'machine' })

let ahead = 0
async function* readLog(): AsyncGenerator<Uint8Array> {
  for (let block = 0; block < 50; block++) {
    ahead = Math.max(ahead, block - stored)
    yield new Uint8Array(1_000).fill(block)
  }
}
console.log(`machine  ${await request(machine, upload, readLog())}`)
console.log(`machine  was at most ${ahead} blocks ahead`)

const measured = [60, 70, 85, 90, 75, 60, 88]
const celsius$ = interval(20).pipe(
  take(measured.length),
  map((index) => measured[index] ?? 0),
)
for await (const command of requestMany(machine, control, celsius$)) console.log(`machine  ${command}`)

const failing$ = interval(20).pipe(
  concatMap((index) => (index < 2 ? of(60) : throwError(() => new Error('the sensor is gone')))),
)
try {
  for await (const command of requestMany(machine, control, failing$)) console.log(`machine  ${command}`)
} catch (error) {
  console.log(`machine  ${AntiphonError.from(error).message}`)
}

// The loop ends at the first command, which cancels the request: its stream of temperatures stops, too.
for await (const command of requestMany(machine, control, interval(20))) {
  console.log(`machine  ${command}, that is enough`)
  break
}
await lastControl

await Promise.all([machine.close(), server.close()])
await broker.close()
