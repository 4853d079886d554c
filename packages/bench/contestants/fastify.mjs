import { Buffer } from 'node:buffer'
import fastify from 'fastify'
import { Pool } from 'undici'
import { decodeOrThrow, echoCodec } from '../src/peers/contract.js'
import { runUnary } from '../src/peers/unary.js'

const path = '/bench/talk'
const headers = { 'content-type': 'application/json' }

/** HTTP/1.1 with keep-alive; with 64 or 256 connections it takes more CPU and answers fewer requests. */
const connections = 16

await runUnary({
  requester: async ({ port }) => {
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections })
    const send = async (request) => {
      const { statusCode, body } = await pool.request({
        path,
        method: 'POST',
        headers,
        body: echoCodec.encode(request),
      })
      const payload = await body.bytes()
      if (statusCode !== 200) throw new Error(`status ${statusCode}`)
      return decodeOrThrow(echoCodec, payload)
    }
    return () =>
      ({ onResponse, onError }) =>
      (request) =>
        void send(request).then(onResponse, onError)
  },
  responder: async ({ port }) => {
    const server = fastify()
    server.removeAllContentTypeParsers()
    server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) =>
      done(null, decodeOrThrow(echoCodec, body)),
    )
    server.post(path, ({ body }, response) =>
      response.type('application/json').send(Buffer.from(echoCodec.encode(body))),
    )
    await server.listen({ host: '127.0.0.1', port })
  },
})
