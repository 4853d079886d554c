import { generateTypes, toAsyncApi } from '@antiphon/asyncapi'
import { endpoint, json, text } from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { changed, reread } from './fixtures.js'

const info = { title: 'Car */ "1"', version: '1' }
const sum = endpoint({
  topic: 'sum',
  request: json(t.array(t.number)),
  response: json(t.union([t.number, t.null])),
  responses: 'many',
})
const document = reread(toAsyncApi({ sum }, info))

describe('generateTypes', () => {
  it('returns the types of payloads and the endpoints', async () => {
    const generated = await generateTypes(document)
    expect(generated).toContain('sumRequest: number[]')
    expect(generated).toContain('sumResponse: number | null')
    expect(generated).toContain(`ContractTypes<"sum", SumRequest, SumResponse, 'many', Correlation>`)
    expect(await generateTypes(document)).toBe(generated)
  })

  it('gives the types of request streams, with and without a response topic', async () => {
    const contract = { topic: 'log', request: text, response: text } as const
    const log = requestStreamEndpoint(contract)
    const answered = requestStreamEndpoint({ ...contract, topic: 'other', responseTopic: 'logged' })
    const generated = await generateTypes(reread(toAsyncApi({ log, answered }, info)))
    expect(generated).toContain(
      `ContractTypes<"log", LogRequest, LogResponse, 'one', Correlation, '', LogRequest, LogResponse, 'many'>`,
    )
    expect(generated).toContain(
      `ContractTypes<"other", AnsweredRequest, AnsweredResponse, 'one', Correlation, "logged", AnsweredRequest, AnsweredResponse, 'many'>`,
    )
  })

  it('gives the union of several messages, and the correlation of a foreign document', async () => {
    const { 'x-antiphon': _, ...foreign } = (
      document as never as { operations: { sum: Record<string, unknown> } }
    ).operations.sum
    const messages = {
      a: { payload: { const: 1 }, correlationId: { location: '$message.payload#/id' } },
      b: { payload: { const: 'b' } },
    }
    const two = changed(changed(document, ['channels', 'sum', 'messages'], messages), ['operations', 'sum'], {
      ...foreign,
      messages: undefined,
    })
    const cleaned = reread(two)
    const generated = await generateTypes(cleaned)
    expect(generated).toContain("sumRequest: 1 | 'b'")
    expect(generated).toContain('PayloadFieldCorrelation<"id">')
  })

  it('puts no code of a document into the module', async () => {
    const hostile = {
      type: 'object',
      description: '*/ evil() /*',
      tsType: 'evil()',
      properties: { tsType: { enum: ["'];evil()"], tsEnumNames: ['evil()'], description: '*/ evil()' } },
    }
    const generated = await generateTypes(
      changed(document, ['channels', 'sum', 'messages', 'request', 'payload'], hostile),
    )
    const types = generated.slice(0, generated.indexOf('const { endpoints }'))
    expect(types).toContain(`tsType?: "'];evil()"`)
    expect(types).not.toMatch(/\*\/ evil|: evil|evil\(\) =/)
  })

  it('rejects a document with operations that cannot be endpoints, or whose names cannot be exports', async () => {
    const image = changed(document, ['channels', 'sum', 'messages', 'request', 'contentType'], 'image/png')
    await expect(generateTypes(image)).rejects.toThrow('#/operations/sum: its content type is image/png')
    const odd = reread(toAsyncApi({ 'a-b': endpoint({ topic: 'a', request: text, response: text }) }, info))
    await expect(generateTypes(odd)).rejects.toThrow(
      '#/operations/a-b: the name of the operation must be an identifier',
    )
  })
})
