import {
  correlationData,
  endpoint,
  inOrder,
  json,
  payloadField,
  text,
  topicParams,
  type Correlation,
  type Endpoint,
  type EndpointTypes,
  type ReplyPlaces,
} from '@antiphon/core'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { endpointLaws, type EndpointLawsOptions } from '../src/laws.js'

const numRuns = Math.min(Number(process.env['ANTIPHON_FC_RUNS'] ?? 100), 500)
const level = fc.stringMatching(/^[a-z0-9]{1,4}$/)
const params = fc.record({ car: level, job: level })
const words = { request: fc.string(), response: fc.string() }

const lawful = <T extends EndpointTypes>(
  name: string,
  tested: Endpoint<T>,
  options: EndpointLawsOptions<T>,
): void => {
  describe(`the laws of an endpoint with ${name}`, () => {
    for (const { name, check } of endpointLaws(tested, { numRuns, ...options })) it(name, check)
  })
}

const Command = t.intersection([t.type({ id: t.string }), t.partial({ door: t.number })])
const command = fc.record({ door: fc.integer() })
const where = { topic: 'cars/{car}/jobs/{job}', reply: { topic: 'answers/{job}/{car}' } } as const

lawful('correlation data', endpoint({ topic: 'ask', request: text, response: text }), words)
lawful(
  'correlation data in bytes, and many answers',
  endpoint({
    topic: 'ask/{car}',
    request: text,
    response: text,
    replies: 'many',
    correlation: correlationData({ format: 'bytes' }),
  }),
  { ...words, params: fc.record({ car: level }) },
)
lawful(
  'a field of the payload',
  endpoint({
    topic: 'ask',
    reply: { topic: 'answer' },
    request: json(Command),
    response: json(Command),
    correlation: payloadField('id'),
  }),
  { request: command, response: command },
)
lawful(
  'parameters of the topic',
  endpoint({ ...where, request: text, response: text, correlation: topicParams() }),
  { ...words, params },
)
lawful(
  'answers in order',
  endpoint({
    topic: 'ask',
    reply: { topic: 'answer' },
    request: text,
    response: text,
    correlation: inOrder(),
  }),
  words,
)

const laws = {
  params: 'parameters survive the topic',
  topics: 'replies go to topics fit for them',
  token: 'the token of a question comes back with its answer',
  place: 'the responder learns where to answer',
  share: 'two open questions never share an answer',
  borne: 'any message is borne, and its payload read only where the correlation says so',
  answers: 'answers find their questions, whatever the order in which they come',
} as const

const brokenBy = <T extends EndpointTypes>(
  tested: Endpoint<T>,
  options: EndpointLawsOptions<T>,
): readonly string[] =>
  endpointLaws(tested, { numRuns: 60, seed: 1, endOnFailure: true, ...options })
    .filter(({ check }) => {
      try {
        check()
        return false
      } catch {
        return true
      }
    })
    .map(({ name }) => name)

const good = correlationData()
const over = (correlation: Partial<Correlation>) =>
  endpoint({ topic: 'ask', request: text, response: text, correlation: { ...good, ...correlation } })

describe('endpointLaws', () => {
  it('finds nothing wrong where nothing is', () => {
    expect(brokenBy(over({}), words)).toEqual([])
  })

  it.each<[string, Partial<Correlation>, readonly string[]]>([
    [
      'gives every question the same token',
      {
        ask: (question) => good.ask({ ...question, id: 'always' }),
      },
      [laws.share],
    ],
    [
      'shortens its tokens to a digit',
      { ask: (question) => good.ask({ ...question, id: question.id.slice(0, 1) }) },
      [laws.share, laws.answers],
    ],
    [
      'leaves the token out of the answer',
      { answer: (request) => ({ ...good.answer(request), properties: {} }) },
      [laws.token, laws.answers],
    ],
    [
      'changes the token on its way back',
      {
        answer: (request) => ({ ...good.answer(request), properties: { correlationData: Uint8Array.of(7) } }),
      },
      [laws.token, laws.answers],
    ],
    ['finds no token', { tokenOf: () => undefined }, [laws.token, laws.answers]],
    [
      'forgets where to answer',
      { answer: (request) => ({ ...good.answer(request), replyTopic: undefined }) },
      [laws.place, laws.answers],
    ],
    [
      'tells where to answer wrongly',
      { ask: (question) => good.ask({ ...question, replyTopic: `${question.replyTopic}/x` }) },
      [laws.place, laws.answers],
    ],
    [
      'reads the payload and does not say so',
      {
        tokenOf: (reply) => {
          reply.value()
          return good.tokenOf(reply)
        },
      },
      [laws.borne],
    ],
    [
      'throws at what is foreign',
      {
        tokenOf: (reply) => {
          if (reply.message.correlationData === undefined) throw new Error('no token')
          return good.tokenOf(reply)
        },
      },
      [laws.borne],
    ],
    [
      'says it goes in order, and does not',
      {
        isInOrder: true,
        tokenOf: () => '',
        ask: () => ({ token: '', value: 'x', properties: { responseTopic: 'elsewhere' } }),
      },
      [laws.place, laws.answers],
    ],
  ])('finds a correlation that %s', (_, correlation, broken) => {
    expect(brokenBy(over(correlation), words)).toEqual(broken)
  })

  it.each<[string, (car: string, job: string) => ReturnType<ReplyPlaces['place']>, readonly string[]]>([
    [
      'go where requests come',
      (car, job) => ({ topic: `cars/${car}/jobs/${job}`, filter: '#' }),
      [laws.topics, laws.answers],
    ],
    [
      'go where nobody listens',
      (car, job) => ({ topic: `a/${job}/${car}`, filter: `b/${car}` }),
      [laws.topics, laws.answers],
    ],
    [
      'go to a topic that is none',
      () => ({ topic: 'a/+', filter: 'a/+' }),
      [laws.topics, laws.share, laws.answers],
    ],
    [
      'to several questions go to one topic',
      (car) => ({ topic: `a/${car}`, filter: `a/${car}` }),
      [laws.share],
    ],
  ])('finds an endpoint whose replies %s', (_, place, broken) => {
    const tested = endpoint({ ...where, request: text, response: text, correlation: topicParams() })
    const reply = { place: ({ car = '', job = '' }) => place(car, job) }
    expect(brokenBy({ ...tested, reply }, { ...words, params })).toEqual(broken)
  })

  it('finds parameters that do not survive', () => {
    const tested = endpoint({ topic: 'ask/{car}', request: text, response: text })
    const topic = { ...tested.topic, match: () => ({ car: 'other' }) }
    expect(brokenBy({ ...tested, topic }, { ...words, params: fc.record({ car: level }) })).toEqual([
      laws.params,
    ])
  })

  it('tells the seed, and what went wrong', () => {
    const [broken] = endpointLaws(over({ tokenOf: () => undefined }), {
      ...words,
      seed: 7,
      numRuns: 10,
    }).filter(({ name }) => name === laws.answers)
    expect(broken?.check).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('seed: 7') as string,
        cause: expect.objectContaining({
          message: expect.stringContaining('question 0, to be answered at 11ms') as string,
        }) as Error,
      }),
    )
  })
})
