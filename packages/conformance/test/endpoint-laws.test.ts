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
  type ResponseTopicTemplate,
} from '@antiphon/core'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { endpointLaws, type EndpointLawsOptions } from '../src/laws.js'

const numRuns = Math.min(Number(process.env['ANTIPHON_FC_RUNS'] ?? 100), 500)
const level = fc.stringMatching(/^[a-z0-9]{1,4}$/)
const params = fc.record({ car: level, job: level })
const textValues = { request: fc.string(), response: fc.string() }

const describeLaws = <T extends EndpointTypes>(
  name: string,
  tested: Endpoint<T>,
  options: EndpointLawsOptions<T>,
): void => {
  describe(`endpointLaws with ${name}`, () => {
    for (const { name, check } of endpointLaws(tested, { numRuns, ...options })) it(name, check)
  })
}

const Command = t.intersection([t.type({ id: t.string }), t.partial({ door: t.number })])
const command = fc.record({ door: fc.integer() })
const topics = { topic: 'cars/{car}/jobs/{job}', responseTopic: 'responses/{job}/{car}' } as const

describeLaws('correlation data', endpoint({ topic: 'request', request: text, response: text }), textValues)
describeLaws(
  'correlation data in bytes and streamed responses',
  endpoint({
    topic: 'request/{car}',
    request: text,
    response: text,
    responses: 'many',
    correlation: correlationData({ format: 'bytes' }),
  }),
  { ...textValues, params: fc.record({ car: level }) },
)
describeLaws(
  'a token in a payload field',
  endpoint({
    topic: 'request',
    responseTopic: 'response',
    request: json(Command),
    response: json(Command),
    correlation: payloadField('id'),
  }),
  { request: command, response: command },
)
describeLaws(
  'topic parameters as token',
  endpoint({ ...topics, request: text, response: text, correlation: topicParams() }),
  { ...textValues, params },
)
describeLaws(
  'responses in request order',
  endpoint({
    topic: 'request',
    responseTopic: 'response',
    request: text,
    response: text,
    correlation: inOrder(),
  }),
  textValues,
)

const laws = {
  params: 'reads the parameters back from the formatted topic',
  topics: 'formats a valid response topic that its filter matches and requests do not use',
  token: "reads the request's token from its response",
  responseTopic: 'gives the responder the response topic of the request',
  unique: 'gives concurrent requests different tokens or response topics',
  foreign: 'reads any message without throwing, and its payload only with readsPayload',
  interleaving: 'matches responses with their requests in any order of arrival',
} as const

const lawsBrokenBy = <T extends EndpointTypes>(
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
const endpointWith = (correlation: Partial<Correlation>) =>
  endpoint({ topic: 'request', request: text, response: text, correlation: { ...good, ...correlation } })

describe('endpointLaws', () => {
  it('accepts a correct endpoint', () => {
    expect(lawsBrokenBy(endpointWith({}), textValues)).toEqual([])
  })

  it.each<[string, Partial<Correlation>, readonly string[]]>([
    [
      'gives every request the same token',
      {
        correlate: (request) => good.correlate({ ...request, id: 'always' }),
      },
      [laws.unique],
    ],
    [
      'shortens its tokens to one digit',
      { correlate: (request) => good.correlate({ ...request, id: String(request.id).slice(0, 1) }) },
      [laws.unique, laws.interleaving],
    ],
    [
      'omits the token from the response',
      { readRequest: (request) => ({ ...good.readRequest(request), properties: {} }) },
      [laws.token, laws.interleaving],
    ],
    [
      'changes the token in the response',
      {
        readRequest: (request) => ({
          ...good.readRequest(request),
          properties: { correlationData: Uint8Array.of(7) },
        }),
      },
      [laws.token, laws.interleaving],
    ],
    ['finds no token', { tokenOf: () => undefined }, [laws.token, laws.interleaving]],
    [
      'loses the response topic',
      { readRequest: (request) => ({ ...good.readRequest(request), responseTopic: undefined }) },
      [laws.responseTopic, laws.interleaving],
    ],
    [
      'sends a wrong response topic',
      { correlate: (request) => good.correlate({ ...request, responseTopic: `${request.responseTopic}/x` }) },
      [laws.responseTopic, laws.interleaving],
    ],
    [
      'reads the payload without readsPayload',
      {
        tokenOf: (response) => {
          response.value()
          return good.tokenOf(response)
        },
      },
      [laws.foreign],
    ],
    [
      'throws on a message without its token',
      {
        tokenOf: (response) => {
          if (response.message.correlationData === undefined) throw new Error('no token')
          return good.tokenOf(response)
        },
      },
      [laws.foreign],
    ],
    [
      'sets isOrdered and a wrong response topic',
      {
        isOrdered: true,
        tokenOf: () => '',
        correlate: () => ({ token: '', value: 'x', properties: { responseTopic: 'other' } }),
      },
      [laws.responseTopic, laws.interleaving],
    ],
  ])('rejects a correlation that %s', (_, correlation, broken) => {
    expect(lawsBrokenBy(endpointWith(correlation), textValues)).toEqual(broken)
  })

  it.each<
    [string, (car: string, job: string) => ReturnType<ResponseTopicTemplate['format']>, readonly string[]]
  >([
    [
      'match the request filter',
      (car, job) => ({ topic: `cars/${car}/jobs/${job}`, filter: '#' }),
      [laws.topics, laws.interleaving],
    ],
    [
      'do not match their own filter',
      (car, job) => ({ topic: `a/${job}/${car}`, filter: `b/${car}` }),
      [laws.topics, laws.interleaving],
    ],
    [
      'contain a wildcard',
      () => ({ topic: 'a/+', filter: 'a/+' }),
      [laws.topics, laws.unique, laws.interleaving],
    ],
    [
      'are the same for several requests',
      (car) => ({ topic: `a/${car}`, filter: `a/${car}` }),
      [laws.unique],
    ],
  ])('rejects an endpoint whose response topics %s', (_, format, broken) => {
    const tested = endpoint({ ...topics, request: text, response: text, correlation: topicParams() })
    const { responseTopic } = tested
    const response = responseTopic && {
      ...responseTopic,
      format: ({ car = '', job = '' }) => format(car, job),
    }
    expect(lawsBrokenBy({ ...tested, responseTopic: response }, { ...textValues, params })).toEqual(broken)
  })

  it('rejects a topic that reads back other parameters', () => {
    const tested = endpoint({ topic: 'request/{car}', request: text, response: text })
    const topic = { ...tested.topic, match: () => ({ car: 'other' }) }
    expect(lawsBrokenBy({ ...tested, topic }, { ...textValues, params: fc.record({ car: level }) })).toEqual([
      laws.params,
    ])
  })

  it('reports the seed and the mismatch', () => {
    const [broken] = endpointLaws(endpointWith({ tokenOf: () => undefined }), {
      ...textValues,
      seed: 7,
      numRuns: 10,
    }).filter(({ name }) => name === laws.interleaving)
    expect(broken?.check).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('seed: 7') as string,
        cause: expect.objectContaining({
          message: expect.stringContaining('request 0 expected its response at 11 ms') as string,
        }) as Error,
      }),
    )
  })
})
