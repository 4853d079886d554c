import {
  endpoint,
  exchange$,
  inOrder,
  payloadField,
  unmatchedResponses$,
  text,
  topicParams,
} from '@antiphon/core'
import { expectEqual } from '@antiphon/testing/internal'
import { delay, of } from 'rxjs'
import {
  casesOf,
  outgoing,
  send,
  subscribeAndWait,
  type CaseDefinition,
  type CaseContext,
} from '../case-context.js'
import { recordStream } from '../record-stream.js'
import { valueWithToken, pause, startResponder } from './fixtures.js'

/** Returns an endpoint with the token in a payload field. */
function payloadFieldEndpoint(context: CaseContext) {
  return endpoint({
    topic: `${context.topic('req')}/{car}/{mobile}`,
    responseTopic: `${context.topic('res')}/{mobile}/{car}`,
    responseFilter: `${context.topic('res')}/{mobile}/#`,
    request: valueWithToken,
    response: valueWithToken,
    correlation: payloadField('token'),
  })
}

/** The cases of matching responses with requests on any version of MQTT. */
export const correlationCases: readonly CaseDefinition[] = casesOf(
  'correlation',
  {
    name: 'matches responses in any order by a payload field',
    run: async (context) => {
      const link = context.link()
      const unlock = payloadFieldEndpoint(context)
      await startResponder(
        context,
        unlock,
        ({ value }) => of({ value: value.value }).pipe(delay(Number(value.value), link.scheduler)),
        {
          link,
          requests: { params: { car: 'car1' } },
        },
      )
      const requester = context.link()
      const exchanges = ['300', '100', '200'].map((value) =>
        recordStream(
          exchange$(requester, unlock, { params: { car: 'car1', mobile: 'm1' }, value: { value } }),
        ),
      )
      for (const exchange of exchanges) await context.eventually(exchange.ended())
      expectEqual(
        exchanges.map(({ values }) => values.map((response) => (response as { value: string }).value)),
        [['300'], ['100'], ['200']],
        'the responses',
      )
    },
  },
  {
    name: 'runs the handler once for duplicates with the same payload field',
    run: async (context) => {
      let runs = 0
      const unlock = payloadFieldEndpoint(context)
      await startResponder(context, unlock, () => of({ value: `run ${(runs += 1)}` }), {
        requests: { params: { car: 'car1' } },
      })
      const topic = `${context.topic('res')}/m1/car1`
      const responses = await subscribeAndWait(context, context.peer, topic)
      for (const index of [1, 2, 3]) {
        await send(
          context,
          context.peer,
          outgoing(`${context.topic('req')}/car1/m1`, '{"token":"7","value":""}'),
        )
        await context.eventually(responses.until(index))
      }
      await context.settle()
      expectEqual(runs, 1, 'the number of handler runs')
    },
  },
  {
    name: 'matches by the payload field only and ignores foreign and undecodable responses',
    run: async (context) => {
      const unlock = payloadFieldEndpoint(context)
      const topic = `${context.topic('res')}/m1/car1`
      const requests = recordStream(context.peer.messages$(`${context.topic('req')}/#`))
      const probe = await subscribeAndWait(context, context.peer, `${context.topic('req')}/#`)
      probe.unsubscribe()
      const link = context.link()
      const unmatched = recordStream(unmatchedResponses$(link))
      const params = { car: 'car1', mobile: 'm1' }
      const exchange = recordStream(exchange$(link, unlock, { params, value: { token: 'mine', value: '' } }))
      await context.eventually(requests.until(1))
      for (const payload of ['no json', '[]', '{"token":"theirs","value":""}', '{"value":"no token"}'])
        await send(context, context.peer, outgoing(topic, payload))
      await context.eventually(unmatched.until(4))
      await send(context, context.peer, outgoing(topic, '{"token":"mine","value":"yes"}'))
      expectEqual(
        await context.eventually(exchange.until(1)),
        [{ token: 'mine', value: 'yes' }],
        'the response',
      )
    },
  },
  {
    name: 'matches responses by topic parameters',
    run: async (context) => {
      const byTopic = endpoint({
        topic: `${context.topic('request')}/{id}`,
        responseTopic: `${context.topic('response')}/{id}`,
        responseFilter: `${context.topic('response')}/#`,
        request: text,
        response: text,
        correlation: topicParams(),
      })
      const link = context.link()
      await startResponder(
        context,
        byTopic,
        ({ value }) => of(`${value}!`).pipe(delay(Number(value), link.scheduler)),
        { link },
      )
      const requester = context.link()
      const exchanges = ['200', '50', '100'].map((value, id) =>
        recordStream(exchange$(requester, byTopic, { params: { id: String(id) }, value })),
      )
      for (const exchange of exchanges) await context.eventually(exchange.ended())
      expectEqual(
        exchanges.map(({ values }) => values),
        [['200!'], ['50!'], ['100!']],
        'the responses',
      )
    },
  },
  {
    name: 'matches responses by the order of requests',
    run: async (context) => {
      const commands = endpoint({
        topic: `${context.topic('device')}/cmd`,
        responseTopic: `${context.topic('device')}/rsp`,
        request: text,
        response: text,
        correlation: inOrder(),
      })
      await startResponder(context, commands, ({ value }) => of(`${value}!`))
      const requester = context.link()
      const exchanges = ['a', 'b', 'c'].map((value) =>
        recordStream(exchange$(requester, commands, value as never)),
      )
      for (const exchange of exchanges) await context.eventually(exchange.ended())
      await pause(context, requester, 50)
      expectEqual(
        exchanges.map(({ values }) => values),
        [['a!'], ['b!'], ['c!']],
        'the responses',
      )
    },
  },
)
