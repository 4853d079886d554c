import { classicShadow, commandEndpoint, commandUpdates, jobEndpoints, namedShadow } from '@antiphon/aws-iot'
import {
  ApplicationError,
  json,
  type Endpoint,
  type EndpointTypes,
  type OutgoingMessage,
} from '@antiphon/core'
import { conventionLaws, type Convention } from '@antiphon/conformance/laws'
import * as t from 'io-ts'
import { describe, it } from 'vitest'
import { fieldsOf, frame } from '@antiphon/workshop/virtual-world'

type WithPayload = Pick<OutgoingMessage, 'payload'>

const token = (request: WithPayload) => ({ clientToken: fieldsOf(request)['clientToken'] })

const isFor = (message: WithPayload, request: WithPayload): boolean =>
  fieldsOf(message)['clientToken'] === fieldsOf(request)['clientToken']

/** What one operation sends, in messages as the documentation of AWS shows them. */
interface Example {
  readonly params: Readonly<Record<string, string>>
  readonly topic: string
  readonly request: object
  readonly sent?: object
  readonly response: object
  readonly rejection: { readonly code: number | string; readonly message: string }
  readonly status: number
}

function conventionOf<T extends EndpointTypes>(
  endpoint: Endpoint<T>,
  { params, topic, request, sent = request, response, rejection, status }: Example,
): Convention<EndpointTypes> {
  const respond = (message: OutgoingMessage, kind: string, fields: object): OutgoingMessage => ({
    topic: `${topic}/${kind}`,
    payload: frame({ ...fields, ...token(message) }),
  })
  return {
    endpoint: endpoint,
    example: { request: { params, value: request }, response },
    peer: {
      request: (number) => ({ topic, payload: frame({ ...sent, clientToken: `426bfd96-${number}` }) }),
      respond: (message) => respond(message, 'accepted', response),
      fail: (message) => respond(message, 'rejected', { ...rejection, timestamp: 1_489_096_425 }),
      responseFilter: `${topic}/+`,
      isResponse: (message, request) => message.topic === `${topic}/accepted` && isFor(message, request),
      isFailure: (message, request) =>
        message.topic === `${topic}/rejected` &&
        isFor(message, request) &&
        fieldsOf(message)['code'] === rejection.code,
    },
    thrown: new ApplicationError({ code: String(rejection.code), message: rejection.message }),
    failureStatus: status,
    requestsOptions: { params },
  }
}

const metadata = { desired: { color: { timestamp: 12_345 } }, reported: { color: { timestamp: 12_345 } } }
const document = {
  state: { desired: { color: 'RED' }, reported: { color: 'GREEN' }, delta: { color: 'RED' } },
  metadata,
  version: 10,
  timestamp: 123_456_789,
}

describe.each([
  ['a classic shadow', classicShadow, { thing: 'lamp' }, '$aws/things/lamp/shadow'],
  ['a named shadow', namedShadow, { thing: 'lamp', shadow: 'config' }, '$aws/things/lamp/shadow/name/config'],
] as const)('%s', (_, endpoints, params, prefix) => {
  const missing = { code: 404, message: "No shadow exists with name: 'lamp'" }
  const conventions = {
    get: conventionOf(endpoints.get, {
      params,
      topic: `${prefix}/get`,
      request: {},
      response: document,
      rejection: missing,
      status: 404,
    }),
    update: conventionOf(endpoints.update, {
      params,
      topic: `${prefix}/update`,
      request: { state: { desired: { color: 'RED' } }, version: 9 },
      response: { ...document, state: { desired: { color: 'RED' } } },
      rejection: { code: 409, message: 'Version conflict' },
      status: 409,
    }),
    delete: conventionOf(endpoints.delete, {
      params,
      topic: `${prefix}/delete`,
      request: {},
      response: { version: 10, timestamp: 123_456_789 },
      rejection: missing,
      status: 404,
    }),
  }
  for (const [name, convention] of Object.entries(conventions))
    for (const law of conventionLaws(convention)) it(`${name} ${law.name}`, law.check)
})

describe('jobs', () => {
  const params = { thing: 'lamp' }
  const jobParams = { thing: 'lamp', job: 'update-firmware' }
  const prefix = '$aws/things/lamp/jobs'
  const execution = {
    jobId: 'update-firmware',
    thingName: 'lamp',
    jobDocument: { url: 'https://firmware' },
    status: 'IN_PROGRESS',
    queuedAt: 1_489_096_123,
    lastUpdatedAt: 1_489_096_123,
    versionNumber: 2,
    executionNumber: 1,
  }
  const timestamp = 1_489_096_425
  const conventions = {
    pending: conventionOf(jobEndpoints.pending, {
      params,
      topic: `${prefix}/get`,
      request: {},
      response: { inProgressJobs: [{ jobId: 'update-firmware' }], queuedJobs: [], timestamp },
      rejection: { code: 'RequestThrottled', message: 'throttled' },
      status: 429,
    }),
    startNext: conventionOf(jobEndpoints.startNext, {
      params,
      topic: `${prefix}/start-next`,
      request: { statusDetails: { step: 'download' }, stepTimeoutInMinutes: 5 },
      response: { execution, timestamp },
      rejection: { code: 'InternalError', message: 'internal' },
      status: 500,
    }),
    describe: conventionOf(jobEndpoints.describe, {
      params: jobParams,
      topic: `${prefix}/update-firmware/get`,
      request: { includeJobDocument: true },
      response: { execution, timestamp },
      rejection: { code: 'TerminalStateReached', message: 'ended' },
      status: 410,
    }),
    update: conventionOf(jobEndpoints.update, {
      params: jobParams,
      topic: `${prefix}/update-firmware/update`,
      request: { status: 'SUCCEEDED', expectedVersion: 2 },
      response: { executionState: { status: 'SUCCEEDED', versionNumber: 3 }, timestamp },
      rejection: { code: 'VersionMismatch', message: 'another version' },
      status: 409,
    }),
  }
  for (const [name, convention] of Object.entries(conventions))
    for (const law of conventionLaws(convention)) it(`${name} ${law.name}`, law.check)
})

describe('commands', () => {
  const base = '$aws/commands/things/lamp/executions'
  const device = { kind: 'things', device: 'lamp' }
  const executionOf = ({ topic }: { readonly topic: string }): string => topic.split('/')[5] ?? ''
  let executions = 0

  const laws = conventionLaws({
    endpoint: commandEndpoint(json(t.type({ operation: t.string }))),
    example: {
      get request() {
        const execution = `execution-${(executions += 1)}`
        return { params: { ...device, execution }, value: { operation: 'restart' } }
      },
      response: { status: 'SUCCEEDED', result: { battery: { s: '87' } } },
    },
    peer: {
      request: (number) => ({
        topic: `${base}/2bd65c51-${number}/request/json`,
        payload: frame({ operation: 'restart' }),
        contentType: 'application/json',
        messageExpiryInterval: 10,
      }),
      respond: (request) => ({
        topic: `${base}/${executionOf(request)}/response/json`,
        payload: frame({ status: 'SUCCEEDED', result: { battery: { s: '87' } } }),
      }),
      fail: (request) => ({
        topic: `${base}/${executionOf(request)}/response/json`,
        payload: frame({
          status: 'FAILED',
          statusReason: { reasonCode: 'DEVICE_TOO_BUSY', reasonDescription: 'later' },
        }),
      }),
      responseFilter: `${base}/+/response/json`,
      isResponse: (message, request) =>
        executionOf(message) === executionOf(request) && fieldsOf(message)['status'] === 'SUCCEEDED',
      isFailure: (message, request) =>
        executionOf(message) === executionOf(request) && fieldsOf(message)['status'] === 'FAILED',
    },
    thrown: new ApplicationError({ code: 'DEVICE_TOO_BUSY', message: 'later' }),
    failureStatus: 500,
    requestsOptions: { params: device },
  })
  // A device answers a command that it cannot read as well: with the status REJECTED.
  for (const law of laws) it(`commands ${law.name}`, law.check)

  const updateLaws = conventionLaws({
    endpoint: commandUpdates,
    example: {
      get request() {
        const execution = `execution-${(executions += 1)}`
        return { params: { ...device, execution }, value: { status: 'IN_PROGRESS' as const } }
      },
      response: { executionId: '2bd65c51' },
    },
    peer: {
      request: (number) => ({
        topic: `${base}/2bd65c51-${number}/response/json`,
        payload: frame({ status: 'SUCCEEDED' }),
      }),
      respond: (request) => ({
        topic: `${base}/${executionOf(request)}/response/accepted/json`,
        payload: frame({ executionId: executionOf(request) }),
      }),
      fail: (request) => ({
        topic: `${base}/${executionOf(request)}/response/rejected/json`,
        payload: frame({
          error: 'InvalidStateTransition',
          errorMessage: 'ended',
          executionId: executionOf(request),
        }),
      }),
      responseFilter: `${base}/+/response/+/json`,
      isResponse: (message, request) =>
        executionOf(message) === executionOf(request) && message.topic.endsWith('/accepted/json'),
      isFailure: (message, request) =>
        executionOf(message) === executionOf(request) &&
        fieldsOf(message)['error'] === 'InvalidStateTransition',
    },
    thrown: new ApplicationError({ code: 'InvalidStateTransition', message: 'ended' }),
    failureStatus: 409,
    requestsOptions: { params: device },
  })
  for (const law of updateLaws) it(`updates ${law.name}`, law.check)
})
