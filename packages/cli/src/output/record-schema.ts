import type { OutputRecord } from './records.js'

type Schema = Readonly<Record<string, unknown>>

const string: Schema = { type: 'string' }
const number: Schema = { type: 'number' }
const count: Schema = { type: 'integer', minimum: 1 }
const total: Schema = { type: 'integer', minimum: 0 }
const properties: Schema = {
  type: 'array',
  items: { type: 'array', items: string, minItems: 2, maxItems: 2 },
}
const payload = {
  value: {},
  format: { enum: ['base64', 'cbor', 'hex', 'json', 'msgpack', 'protobuf', 'text', 'xml'] },
  userProperties: properties,
}

const percentiles = object({ p50: number, p90: number, p99: number, max: number })

/** Returns the schema of an object with required and optional properties, and no others. */
function object(required: Schema, optional: Schema = {}): Schema {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  }
}

/** The required and the optional properties of each type of record. */
const records: Readonly<
  Record<
    OutputRecord['type'],
    { readonly about: string; readonly required: Schema; readonly optional?: Schema }
  >
> = {
  response: {
    about: 'A response to a request.',
    required: { topic: string, request: count, index: count, milliseconds: number, ...payload },
    optional: { contentType: string },
  },
  error: {
    about: 'A failure: of one request, or of the command.',
    required: { code: string, message: string, exitCode: { type: 'integer', minimum: 1 } },
    optional: {
      request: count,
      topic: string,
      reasonCode: number,
      status: object(
        { code: number },
        { message: string, applicationCode: string, applicationPayload: string },
      ),
    },
  },
  summary: {
    about: 'The end of a command that has sent many requests.',
    required: { requests: total, answered: total, failed: total, milliseconds: number },
    optional: { latency: percentiles },
  },
  bench: {
    about: 'The result of a benchmark.',
    required: {
      answered: total,
      failed: total,
      lost: total,
      duplicated: total,
      perSecond: number,
      milliseconds: number,
      errors: { type: 'object', additionalProperties: count },
    },
    optional: { latency: percentiles },
  },
  exchange: {
    about: 'A request of another client, with its response.',
    required: {
      topic: string,
      responseTopic: string,
      request: object(payload, { contentType: string }),
      response: object(payload, { contentType: string }),
      responses: total,
      attempts: count,
      milliseconds: number,
    },
    optional: { correlation: string, status: number },
  },
  unmatched: {
    about: 'A request of another client without a response, or a response without a request.',
    required: {
      reason: { enum: ['no-request', 'no-response'] },
      topic: string,
      message: object(payload, { contentType: string }),
    },
    optional: { correlation: string },
  },
  mismatch: {
    about: 'A replayed request whose response differs from the recorded one.',
    required: { request: count, topic: string, expected: string, received: string },
  },
  service: {
    about: 'A service that announces itself.',
    required: {
      query: { enum: ['info', 'ls', 'ping', 'stats'] },
      service: { type: 'object', required: ['name', 'instanceId', 'version'] },
    },
  },
  capability: {
    about: 'What a broker can do.',
    required: { name: string, detail: string },
    optional: { isSupported: { type: 'boolean' } },
  },
  ready: {
    about: 'The command listens to a topic; url is that of the page of inspect.',
    required: { topic: string },
    optional: { url: string },
  },
  request: {
    about: 'A request that a responder has received.',
    required: { topic: string, params: { type: 'object', additionalProperties: string }, ...payload },
    optional: { contentType: string },
  },
  served: {
    about: 'How a request was served.',
    required: { topic: string, outcome: string, milliseconds: number },
    optional: { status: number, message: string },
  },
}

/** The JSON Schema of a line that a command prints with `--json`. */
export const recordSchema: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A line that antiphon prints with --json',
  oneOf: Object.entries(records).map(([type, { about, required, optional }]) => ({
    description: about,
    ...object({ type: { const: type }, ...required }, optional),
  })),
}
