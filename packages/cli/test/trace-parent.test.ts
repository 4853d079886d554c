import type { Broker } from '@antiphon/broker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon, type Ended, type Running } from './run-antiphon.js'

const context = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
let broker: Broker
let url = ''
let responder: Running

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
  responder = startAntiphon(['serve', 'trace', '--template', '{{property traceparent}}', '-u', url])
  await responder.printed('serving')
})
afterAll(async () => {
  responder.interrupt()
  await responder.ended
  await broker.close()
})

const request = (args: readonly string[], env = {}): Promise<Ended> =>
  antiphon(['request', 'trace', ...args, '-u', url], { env })

describe('--traceparent', () => {
  it('sends the given context, that of TRACEPARENT, or a new one', async () => {
    expect(await request(['--traceparent', context])).toMatchObject({ stdout: `${context}\n` })
    expect(await request(['--traceparent'], { TRACEPARENT: context })).toMatchObject({
      stdout: `${context}\n`,
    })
    const { stdout, stderr } = await request(['--traceparent'])
    expect(stdout).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01\n$/)
    expect(stderr).toBe(`traceparent ${stdout}`)
    expect(
      (await antiphon(['gather', 'trace', '--count', '1', '--traceparent', context, '-u', url])).stdout,
    ).toBe(`${context}\n`)
  })

  it('sends none without the option', async () => {
    expect((await request([], { TRACEPARENT: context })).stdout).toBe('\n')
  })

  it('refuses a malformed context', async () => {
    expect(await request(['--traceparent', 'x'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /--traceparent is x: it must be a W3C trace context such as 00-/,
      ) as string,
    })
    expect(
      await request(['--traceparent'], { TRACEPARENT: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` }),
    ).toMatchObject({ code: 2 })
  })
})
