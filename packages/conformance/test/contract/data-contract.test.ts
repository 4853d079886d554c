import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { NEVER } from 'rxjs'
import { dataContract, virtualSetting, type ConformanceData } from '../../src/index.js'

const data = JSON.parse(
  readFileSync(new URL('../../data/exchange.json', import.meta.url), 'utf8'),
) as ConformanceData

describe.each([
  ['without latency', {}],
  ['with a different latency for each direction', { latency: { up: 3, down: 5 } }],
])('the exchange contract as data, over the virtual broker %s', (_, options) => {
  for (const { name, run } of dataContract(data, virtualSetting(options)).cases) it(name, run)
})

describe('dataContract', () => {
  const resultOf = async (
    steps: ConformanceData['responder'][number]['steps'],
    role: 'responder' | 'requester' = 'responder',
  ): Promise<string> => {
    const one = { ...data, responder: [], requester: [], [role]: [{ name: 'a case', steps }] }
    const [{ run } = { run: () => Promise.resolve() }] = dataContract(one, virtualSetting()).cases
    return run().then(
      () => 'passes',
      (thrown: unknown) => String(thrown),
    )
  }
  const send = {
    send: { topic: '{prefix}/lamp', payload: '{"on":true}', responseTopic: '{prefix}/responses' },
  }
  const receive = { receive: { topic: '{prefix}/responses' } }

  it('fails a case in which a message arrives that no step expects', async () => {
    expect(await resultOf([send, receive])).toBe('passes')
    expect(await resultOf([send])).toContain('a message that no step expects')
  })

  it.each([
    [{ payload: 'x' }, 'the payload'],
    [{ json: { ok: 1 } }, 'the payload'],
    [{ qos: 2 as const }, 'qos'],
    [{ userProperties: { __stat: '500' } }, 'the User Property __stat'],
    [{ correlationData: 'hex:00' }, 'the Correlation Data'],
    [{ messageExpiryInterval: { from: 1, to: 2 } }, 'expected an expiry of 1 to 2 s, not -1'],
    [{ present: ['correlationData' as const] }, 'expected a correlationData'],
    [{ absent: ['correlationData' as const] }, 'passes'],
  ])('compares a received message with %j', async (expected, result) => {
    expect(await resultOf([send, { receive: { ...receive.receive, ...expected } }])).toContain(result)
  })

  it('fails a case with a step of the other role, and a response without a request', async () => {
    expect(await resultOf([{ respond: {} }])).toContain('a responder case has no step respond')
    expect(await resultOf([send], 'requester')).toContain('a requester case has no step send')
    expect(await resultOf([{ respond: {} }], 'requester')).toContain('expected a request with Response Topic')
  })

  it('runs over another responder, without the cases of what it lacks', () => {
    const silent = dataContract(data, virtualSetting(), {
      serveOn: () => NEVER.subscribe(),
      lacks: ['status', 'failure'],
    })
    expect(silent.cases.length).toBeLessThan(dataContract(data, virtualSetting()).cases.length)
    expect(silent.cases.map(({ name }) => name)).toContain('responds at the QoS of the request')
  })
})
