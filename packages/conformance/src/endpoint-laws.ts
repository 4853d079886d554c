import type { Codec, Endpoint, EndpointTypes, MarkedQuestion, Message, Received } from '@antiphon/core'
import { decodeWith, encodeWith } from '@antiphon/core/codec'
import { isMatch, validateTopicFilter, validateTopicName } from '@antiphon/core/topic'
import { expectEqual, expectThat, readable } from '@antiphon/testing/internal'
import {
  array,
  assert,
  constant,
  integer,
  option,
  property,
  record,
  string,
  uint8Array,
  uuid,
} from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import { answersOf, type Drawn, type Interleaved, type Params } from './interleaving.js'
import { law, parametersOf, type Law, type LawRuns } from './law.js'

/** What the laws need to know of an endpoint. */
export interface EndpointLawsOptions<T extends EndpointTypes> extends LawRuns {
  /** What is asked; a token in the payload is best left to the library. */
  readonly request: Arbitrary<T['asked']>
  readonly response: Arbitrary<T['answered']>
  /** The topic's parameters. @defaultValue none */
  readonly params?: Arbitrary<T['params']>
}

/** A question as it travels. */
interface Asked extends MarkedQuestion {
  readonly replyTopic: string
  readonly message: Message
}

/** What a law works with. */
interface Tested {
  readonly endpoint: Endpoint
  readonly drawn: Arbitrary<Drawn>
  readonly params: Arbitrary<Params>
  readonly answer: Arbitrary<unknown>
  readonly runs: ReturnType<typeof parametersOf>
}

/** Where answers come unless the endpoint says otherwise. */
const OWN_REPLY_TOPIC = 'response/caller'

/**
 * The laws of an endpoint and its correlation, for any test framework. fast-check is to be installed beside this package.
 *
 * They hold that parameters survive the topic and replies go to fit topics; that what a responder sends back carries the
 * token of its question, and that open questions never share one; that any message is borne, and read no further than
 * the correlation says; and that over a virtual link answers find their questions, whatever the order in which they come.
 *
 * @example
 * ```ts
 * describe('unlock', () => {
 *   for (const law of endpointLaws(unlock, { request, response, params })) it(law.name, law.check)
 * })
 * ```
 */
export function endpointLaws<T extends EndpointTypes>(
  endpoint: Endpoint<T>,
  options: EndpointLawsOptions<T>,
): readonly Law[] {
  const params = (options.params ?? constant({})) as Arbitrary<Params>
  const tested: Tested = {
    endpoint,
    params,
    drawn: record({ id: uuid({ version: 4 }), params, value: options.request }),
    answer: options.response,
    runs: parametersOf(options),
  }
  return [...lawsOfTopics(tested), ...lawsOfTokens(tested), lawOfMessages(tested), lawOfAnswers(tested)]
}

function lawsOfTopics({ endpoint: { topic, reply }, params, runs }: Tested): readonly Law[] {
  const forAll = (holds: (given: Params) => void) => (): void => assert(property(params, holds), runs)
  return [
    law(
      'parameters survive the topic',
      forAll((given) => {
        const written = topic.format(given)
        expectEqual(topic.match(written), given, `the parameters read from ${written}`)
        expectThat(isMatch(topic.filter({}), written), `${written} is not among the requests subscribed to`)
      }),
    ),
    law(
      'replies go to topics fit for them',
      forAll((given) => {
        if (reply === undefined) return
        const place = reply.place(given)
        const fault = validateTopicName(place.topic) ?? validateTopicFilter(place.filter)
        expectThat(fault === undefined, `${place.topic}, heard by ${place.filter}, is unfit: ${fault ?? ''}`)
        expectThat(isMatch(place.filter, place.topic), `${place.filter} does not select ${place.topic}`)
        expectThat(!isMatch(topic.filter({}), place.topic), `${place.topic} is among the requests`)
      }),
    ),
  ]
}

function lawsOfTokens({ endpoint, drawn, answer, runs }: Tested): readonly Law[] {
  const { correlation, reply, request, response, topic } = endpoint
  return [
    law('the token of a question comes back with its answer', () => {
      const held = property(drawn, answer, (question, value) => {
        const { token, message, replyTopic } = ask(endpoint, question)
        const { mark, properties } = correlation.answer(received(message, request))
        const payload = encoded(response, mark(value))
        const back = arrived({ topic: replyTopic, payload, ...properties })
        expectEqual(correlation.tokenOf(received(back, response)), token, 'the token that came back')
      })
      assert(held, runs)
    }),
    law('the responder learns where to answer', () => {
      const held = property(drawn, (question) => {
        const { message, replyTopic } = ask(endpoint, question)
        const learnt = reply?.place(paramsOf(endpoint, message)).topic
        const told = correlation.answer(received(message, request)).replyTopic
        expectEqual(learnt ?? told, replyTopic, 'where the responder answers')
      })
      assert(held, runs)
    }),
    law('two open questions never share an answer', () => {
      const held = property(array(drawn, { minLength: 2, maxLength: 16 }), (questions) => {
        if (correlation.isInOrder) return
        const owners = new Map<string, Drawn>()
        for (const question of questions) {
          const { replyTopic, token } = ask(endpoint, question)
          const key = JSON.stringify([replyTopic, token])
          const other = owners.get(key)
          owners.set(key, question)
          if (other === undefined || other.id === question.id) continue
          // Where the parameters tell questions apart, it is for the caller not to ask the same twice at once.
          const areTheSame =
            topic.parameters.length > 0 && topic.format(other.params) === topic.format(question.params)
          expectThat(
            areTheSame,
            `${readable(other)}\nand\n${readable(question)}\nare both answered on ${replyTopic} by ${readable(token)}`,
          )
        }
      })
      assert(held, runs)
    }),
  ]
}

function lawOfMessages({ endpoint, runs }: Tested): Law {
  const { correlation, request, response } = endpoint
  return law('any message is borne, and its payload read only where the correlation says so', () => {
    const foreign = record({
      payload: uint8Array({ maxLength: 32 }),
      correlationData: option(uint8Array({ maxLength: 32 }), { nil: undefined }),
      responseTopic: option(string({ minLength: 1, maxLength: 8 }), { nil: undefined }),
    })
    const held = property(foreign, ({ payload, correlationData, responseTopic }) => {
      const message = arrived({
        topic: OWN_REPLY_TOPIC,
        payload,
        ...(correlationData === undefined ? {} : { correlationData }),
        ...(responseTopic === undefined ? {} : { responseTopic }),
      })
      for (const [codec, look] of [
        [request, correlation.answer],
        [response, correlation.tokenOf],
      ] as const) {
        look({
          message,
          value: () => {
            expectThat(correlation.readsPayload, `${correlation.name} reads the payload, and does not say so`)
            return decodeWith(codec, payload)
          },
        })
      }
    })
    assert(held, runs)
  })
}

function lawOfAnswers({ endpoint, drawn, answer, runs }: Tested): Law {
  const interleaved: Arbitrary<Interleaved> = record({
    question: drawn,
    answer,
    takes: integer({ min: 1, max: 40 }),
  })
  return law('answers find their questions, whatever the order in which they come', () => {
    const held = property(array(interleaved, { minLength: 1, maxLength: 8 }), (drawnQuestions) => {
      const questions = distinct(endpoint, drawnQuestions)
      expectEqual(answersOf(endpoint, questions), [], 'what went wrong')
    })
    assert(held, runs)
  })
}

/** Without those whose answers come where those to an earlier one do, and carry no token of their own. */
function distinct(endpoint: Endpoint, questions: readonly Interleaved[]): readonly Interleaved[] {
  if (endpoint.correlation.isInOrder) return questions
  const taken = new Set<string>()
  return questions.filter(({ question }) => {
    const { replyTopic, token } = ask(endpoint, question)
    const key = JSON.stringify([replyTopic, token])
    return !taken.has(key) && taken.add(key)
  })
}

function ask(endpoint: Endpoint, { id, params, value: given }: Drawn): Asked {
  const { correlation, reply, request, topic } = endpoint
  const replyTopic = reply?.place(params).topic ?? OWN_REPLY_TOPIC
  const { token, value, properties } = correlation.ask({ id, replyTopic, value: given })
  const message = arrived({ topic: topic.format(params), payload: encoded(request, value), ...properties })
  return { token, value, properties, replyTopic, message }
}

function paramsOf({ topic }: Endpoint, message: Message): Params {
  const params = topic.match(message.topic)
  expectThat(params !== undefined, `${message.topic} is no topic of ${topic.template}`)
  return params
}

function encoded(codec: Codec<unknown>, value: unknown): Uint8Array {
  const payload = encodeWith(codec, value)
  if (!isRight(payload)) throw payload.left
  return payload.right
}

function received(message: Message, codec: Codec<unknown>): Received {
  return { message, value: () => decodeWith(codec, message.payload) }
}

function arrived(message: Omit<Message, 'qos' | 'retain' | 'dup'>): Message {
  return { qos: 1, retain: false, dup: false, ...message }
}
