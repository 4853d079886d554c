import {
  AntiphonError,
  endpoint,
  json,
  ignoredRequests$,
  request,
  requests$,
  serve,
  unmatchedResponses$,
} from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import * as t from 'io-ts'
import { delay, firstValueFrom, interval, map, of, tap } from 'rxjs'
import { readRole } from '../../process/parent-process.js'
import {
  echoTopic,
  elsewhere,
  obey,
  patience,
  slowness,
  streamTopic,
  victimId,
  type VictimRole,
} from '../victim.js'

const { port } = readRole<VictimRole>()
const link = connect(`mqtt://127.0.0.1:${port}`, { clientId: victimId })
const Text = json(t.type({ text: t.string }))
const counts = { handled: 0, strays: 0, refusals: 0, produced: 0 }
unmatchedResponses$(link).subscribe(() => (counts.strays += 1))
ignoredRequests$(link).subscribe(() => (counts.refusals += 1))

const echo = endpoint({ topic: echoTopic, request: Text, response: Text })
const foreign = endpoint({ topic: elsewhere, request: Text, response: Text })
const responseTopics = ['response/#']
requests$(link, echo, { responseTopics })
  .pipe(
    tap(() => (counts.handled += 1)),
    serve(({ value: { text } }) => of({ text: `${text}!` }).pipe(delay(text === 'slow' ? slowness : 0))),
  )
  .subscribe()

const numbers = endpoint({ topic: streamTopic, request: Text, response: Text, responses: 'many' })
requests$(link, numbers, { responseTopics })
  .pipe(
    serve(() =>
      interval(0).pipe(
        tap(() => (counts.produced += 1)),
        map((text) => ({ text: String(text) })),
      ),
    ),
  )
  .subscribe()

await firstValueFrom(link.subscription$(streamTopic))
obey({
  ask: (text, topic) =>
    request(link, topic === elsewhere ? foreign : echo, { text }, { timeout: patience }).then(
      (response) => response.text,
      (error: unknown) => {
        throw new Error(AntiphonError.from(error).code)
      },
    ),
  report: () => counts,
})
