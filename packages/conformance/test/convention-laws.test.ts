import {
  ApplicationError,
  endpoint,
  inOrder,
  json,
  payloadField,
  text,
  topicParams,
  type EndpointTypes,
  type OutgoingMessage,
} from '@antiphon/core'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { conventionLaws, type Convention } from '../src/laws.js'

type Fields = Readonly<Record<string, unknown>>
type WithPayload = Pick<OutgoingMessage, 'payload'>

const toBytes = (value: Fields): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const textOf = ({ payload }: WithPayload): string => new TextDecoder().decode(payload)
const fieldsOf = (message: WithPayload): Fields => JSON.parse(textOf(message)) as Fields
const haveSame = (field: string, one: WithPayload, other: WithPayload): boolean =>
  fieldsOf(one)[field] === fieldsOf(other)[field]

function describeLaws<T extends EndpointTypes>(name: string, convention: Convention<T>): void {
  describe(`conventionLaws with ${name}`, () => {
    for (const { name, check } of conventionLaws(convention)) it(name, check)
  })
}

const Status = t.type({ id: t.number, result: t.type({ on: t.boolean }) })
const Failed = t.type({ id: t.number, error: t.type({ code: t.number, message: t.string }) })

const rpcContract = {
  topic: 'lamp/rpc',
  request: json(t.type({ id: t.number, src: t.string, method: t.string })),
  response: json(t.union([Status, Failed])),
  cancel: 'local',
} as const

const rpcPeer = {
  request: (number: number) => ({
    topic: 'lamp/rpc',
    payload: toBytes({ id: 100 + number, src: 'hub', method: 'Switch.GetStatus' }),
  }),
  respond: (request: WithPayload) => rpcResponse(request, { result: { on: true } }),
  fail: (request: WithPayload) => rpcResponse(request, { error: { code: 404, message: 'No handler' } }),
  responseFilter: 'hub/rpc',
  isResponse: (message: WithPayload, request: WithPayload) =>
    haveSame('id', message, request) && 'result' in fieldsOf(message),
  isFailure: (message: WithPayload, request: WithPayload) =>
    haveSame('id', message, request) && 'error' in fieldsOf(message),
}

function rpcResponse(request: WithPayload, fields: Fields): OutgoingMessage {
  const { id, src } = fieldsOf(request)
  return { topic: `${String(src)}/rpc`, payload: toBytes({ id, src: 'lamp', dst: src, ...fields }) }
}

const rpc = {
  example: { request: { method: 'Switch.GetStatus' }, response: { result: { on: true } } },
  peer: rpcPeer,
  failureStatus: 404,
  exchangeOptions: { responseTopic: 'app/rpc' },
}
const bySource = payloadField('id', {
  token: 'number',
  responseTopic: { field: 'src', template: '{src}/rpc' },
})

describeLaws('a call whose payload names the requester', {
  ...rpc,
  endpoint: endpoint({
    ...rpcContract,
    failureOf: (answer) => ('error' in answer ? answer.error : undefined),
    onFailure: ({ message }) => ({ error: { code: -103, message } }),
    correlation: bySource,
  }),
})

const Token = t.type({ clientToken: t.string })
const shadowTopic = '$aws/things/lamp/shadow/get'

describeLaws('a topic for failures', {
  endpoint: endpoint({
    topic: '$aws/things/{thing}/shadow/get',
    responseTopic: '$aws/things/{thing}/shadow/get/accepted',
    failureTopic: '$aws/things/{thing}/shadow/get/rejected',
    request: json(Token),
    response: json(t.intersection([Token, t.type({ version: t.number })])),
    failure: json(t.intersection([Token, t.type({ code: t.number, message: t.string })])),
    failureOf: ({ code, message }) => ({ code, message }),
    onFailure: ({ code, message, applicationCode }) => ({ code: Number(applicationCode ?? code), message }),
    correlation: payloadField('clientToken'),
    cancel: 'local',
  }),
  example: {
    request: { params: { thing: 'lamp' }, value: {} },
    response: { version: 7 },
    isResponse: ({ version }) => version === 7,
  },
  thrown: new ApplicationError({ code: '404', message: 'no shadow exists' }),
  failureStatus: 409,
  peer: {
    request: (number) => ({ topic: shadowTopic, payload: toBytes({ clientToken: `t${number}` }) }),
    respond: (request) => ({
      topic: `${shadowTopic}/accepted`,
      payload: toBytes({ ...fieldsOf(request), version: 7 }),
    }),
    fail: (request) => ({
      topic: `${shadowTopic}/rejected`,
      payload: toBytes({ ...fieldsOf(request), code: 409, message: 'version conflict' }),
    }),
    responseFilter: `${shadowTopic}/+`,
    isResponse: (message, request) =>
      message.topic === `${shadowTopic}/accepted` && haveSame('clientToken', message, request),
    isFailure: (message, request) =>
      message.topic === `${shadowTopic}/rejected` &&
      haveSame('clientToken', message, request) &&
      fieldsOf(message)['code'] === 404,
  },
})

const On = t.type({ on: t.boolean })

describeLaws('a number in the topics', {
  endpoint: endpoint({
    topic: 'rpc/request/{id}',
    responseTopic: 'rpc/response/{id}',
    responseFilter: 'rpc/response/+',
    request: json(On),
    response: json(On),
    correlation: topicParams({ id: 'number' }),
    cancel: 'local',
  }),
  example: { request: { on: true }, response: { on: false } },
  peer: {
    request: (number) => ({ topic: `rpc/request/${40 + number}`, payload: toBytes({ on: true }) }),
    respond: ({ topic }) => ({
      topic: topic.replace('request', 'response'),
      payload: toBytes({ on: false }),
    }),
    responseFilter: 'rpc/response/+',
    isResponse: ({ topic }, request) => topic === request.topic.replace('request', 'response'),
  },
})

describeLaws('responses in order', {
  endpoint: endpoint({
    topic: 'lamp/cmnd',
    responseTopic: 'lamp/stat',
    request: json(On),
    response: json(On),
    correlation: inOrder(),
    cancel: 'local',
  }),
  example: { request: { on: true }, response: { on: false } },
  hasToken: false,
  peer: {
    request: (number) => ({ topic: 'lamp/cmnd', payload: toBytes({ on: number === 1 }) }),
    respond: () => ({ topic: 'lamp/stat', payload: toBytes({ on: false }) }),
    responseFilter: 'lamp/stat',
    isResponse: () => true,
  },
})

/** Returns the names of the laws that do not hold. */
function brokenLaws<T extends EndpointTypes>(convention: Convention<T>): readonly string[] {
  return conventionLaws({ ...convention, protocolVersions: [4] }).flatMap(({ name, check }) => {
    try {
      check()
      return []
    } catch {
      return [name.replace(' over protocol version 4', '')]
    }
  })
}

describe('conventionLaws', () => {
  it('find an endpoint that takes failures for responses', () => {
    const ignorant = endpoint({ ...rpcContract, correlation: bySource })
    expect(brokenLaws({ ...rpc, endpoint: ignorant })).toEqual([
      'as requester: fails with the status that a peer reports',
      'as responder: reports a failure in the convention, never by an empty payload',
    ])
  })

  it('find an endpoint that cannot tell two responses apart', () => {
    const mixed = endpoint({ ...rpcContract, responseTopic: 'hub/rpc', correlation: inOrder() })
    const example = { ...rpc.example, request: { id: 1, src: 'hub', method: 'x' }, response: rpcExample }
    expect(brokenLaws({ ...rpc, exchangeOptions: {}, example, endpoint: mixed })).toContain(
      'as requester: tells the responses to two requests at once apart',
    )
  })

  it('find a peer that does not understand the endpoint', () => {
    const other = endpoint({ topic: 'lamp/rpc', responseTopic: 'app/rpc', request: text, response: text })
    const example = { request: 'on?', response: 'on' }
    expect(brokenLaws({ endpoint: other, example, peer: rpcPeer })).toContain('as responder: answers a peer')
  })
})

const rpcExample = { id: 1, result: { on: true } }
