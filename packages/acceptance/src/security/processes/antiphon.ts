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
  attackerTopic,
  runCommands,
  responseTimeout,
  slowDelay,
  streamTopic,
  targetId,
  type TargetRole,
} from '../test-bed/target.js'

const { port } = readRole<TargetRole>()
const link = connect(`mqtt://127.0.0.1:${port}`, { clientId: targetId })
const Text = json(t.type({ text: t.string }))
const counts = { handled: 0, unmatched: 0, ignored: 0, produced: 0 }
unmatchedResponses$(link).subscribe(() => (counts.unmatched += 1))
ignoredRequests$(link).subscribe(() => (counts.ignored += 1))

const echo = endpoint({ topic: echoTopic, request: Text, response: Text })
const foreign = endpoint({ topic: attackerTopic, request: Text, response: Text })
const responseTopics = ['response/#']
requests$(link, echo, { responseTopics })
  .pipe(
    tap(() => (counts.handled += 1)),
    serve(({ value: { text } }) => of({ text: `${text}!` }).pipe(delay(text === 'slow' ? slowDelay : 0))),
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
runCommands({
  sendRequest: (text, topic) =>
    request(link, topic === attackerTopic ? foreign : echo, { text }, { timeout: responseTimeout }).then(
      (response) => response.text,
      (error: unknown) => {
        throw new Error(AntiphonError.from(error).code)
      },
    ),
  report: () => counts,
})
