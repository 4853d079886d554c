/**
 * A contract as a file: checks that it is the export of its endpoints and that a change would be noticed, mocks it, and
 * starts two programs that know only the file: one reads it, the other uses the types that were generated from it.
 */
import { diff, mock, toAsyncApi } from '@antiphon/asyncapi'
import { createBroker } from '@antiphon/broker'
import { endpoint, json } from '@antiphon/core'
import * as t from 'io-ts'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { startProgram } from '../start-program.js'
import * as endpoints from './endpoints.js'

const published: unknown = JSON.parse(readFileSync(new URL('contract.json', import.meta.url), 'utf8'))
const { level } = diff(published, toAsyncApi(endpoints, { title: 'Car', version: '1.0.0' }))
console.log(`contract.json and endpoints.ts: ${level}`)

const unlock = endpoint({
  topic: 'cars/{vin}/unlock',
  request: json(t.type({ doors: t.array(t.string), pin: t.string })),
  response: endpoints.unlock.response,
})
const changed = toAsyncApi({ ...endpoints, unlock }, { title: 'Car', version: '2.0.0' })
for (const { level, path, text } of diff(published, changed).changes)
  console.log(`${level}: ${path}: ${text}`)

const broker = createBroker()
const { port } = await broker.listen({ protocol: 'tcp' })
const mocked = mock(published, broker.link(), { seed: 7 })
for (const program of ['consumer.ts', 'typed-consumer.ts']) {
  const env = { BROKER_URL: `mqtt://127.0.0.1:${port}` }
  await once(startProgram(new URL(program, import.meta.url), env), 'exit')
}
mocked.unsubscribe()
await broker.close()
