import 'reflect-metadata'
import { ClientMqtt, RpcException, ServerMqtt } from '@nestjs/microservices'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { from, lastValueFrom, throwError, toArray } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon, type Ended } from './run-antiphon.js'

/** Starts a broker, and a service on Nest's own transport with handlers by pattern. */
async function startService(
  handlers: readonly (readonly [pattern: string | object, handler: (data: never) => unknown])[],
): Promise<(...args: readonly string[]) => Promise<Ended>> {
  const { broker, url } = await startBroker()
  onTestFinished(() => broker.close())
  const server = new ServerMqtt({ url })
  for (const [pattern, handler] of handlers)
    server.addHandler(pattern, (data: unknown) => Promise.resolve(handler(data as never)))
  await server.listen(() => undefined)
  onTestFinished(() => server.close())
  return async (...args) => {
    // Until the service has subscribed, the broker reports no subscriber.
    for (;;) {
      const ended = await antiphon(['request', ...args, '--dialect', 'nestjs', '--url', url])
      if (ended.code !== 4) return ended
    }
  }
}

async function serve(
  ...args: readonly string[]
): Promise<{ readonly client: ClientMqtt; readonly stop: () => Promise<void> }> {
  const { broker, url } = await startBroker()
  onTestFinished(() => broker.close())
  const { printed, interrupt, ended } = startAntiphon(['serve', ...args, '--dialect', 'nestjs', '--url', url])
  await printed('serving')
  const client = new ClientMqtt({ url })
  await client.connect()
  onTestFinished(() => client.close())
  return {
    client,
    stop: async () => {
      interrupt()
      expect((await ended).code).toBe(0)
    },
  }
}

describe('--dialect nestjs', () => {
  it('calls handlers of a service by their patterns, with the data alone', async () => {
    const request = await startService([
      [{ cmd: 'sum' }, (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0)],
      ['math/each', (numbers: readonly number[]) => from(numbers)],
      ['time/zone', () => ({ zone: 'UTC' })],
    ])
    expect(await request('{"cmd":"sum"}', '[1,2]')).toMatchObject({ code: 0, stdout: '3\n', stderr: '' })
    expect(await request('math/each', '[1,2]', '--mqtt-version', '4')).toMatchObject({ stdout: '1\n2\n' })
    const { records } = await request('time/zone', '--json')
    expect(records()).toMatchObject([
      { type: 'response', topic: 'time/zone', format: 'json', value: { zone: 'UTC' } },
    ])
  })

  it('fails with the error of a handler', async () => {
    const request = await startService([
      ['door/open', () => throwError(() => new RpcException('the door is locked'))],
    ])
    const { code, stdout, stderr } = await request('door/open', '{}')
    expect([code, stdout, stderr]).toEqual([5, '', expect.stringContaining('the door is locked')])
  })

  it('passes each value of a service through a command', async () => {
    const request = await startService([['math/each', (numbers: readonly number[]) => from(numbers)]])
    const through = `node -e "process.stdin.on('data', (text) => console.log(text + '!'))"`
    expect(await request('math/each', '[1,2]', '--through', through)).toMatchObject({ stdout: '1!\n2!\n' })
  })

  it('responds to a client with a value from the data of its request', async () => {
    const { client, stop } = await serve('greet', '--template', '"hello {{value.name}}"')
    expect(await lastValueFrom(client.send<unknown>('greet', { name: 'Ada' }))).toBe('hello Ada')
    await stop()
  })

  it('responds to a client with a stream', async () => {
    const { client, stop } = await serve('count', '--stream', '--respond', '1', '--respond', '2')
    expect(await lastValueFrom(client.send<unknown>('count', {}).pipe(toArray()))).toEqual([1, 2])
    await stop()
  })

  it('echoes the data of a request', async () => {
    const { client, stop } = await serve('echo', '--echo')
    expect(await lastValueFrom(client.send<unknown>('echo', { a: 1 }))).toEqual({ a: 1 })
    await stop()
  })

  it('reports a failure to a client', async () => {
    const { client, stop } = await serve('order', '--fail', 'sold-out')
    await expect(lastValueFrom(client.send('order', {}))).rejects.toMatchObject({ code: 'sold-out' })
    await stop()
  })

  it('sends recorded requests again as they are', async () => {
    const { broker, url } = await startBroker()
    onTestFinished(() => broker.close())
    const server = new ServerMqtt({ url })
    server.addHandler('note', (data: unknown) => Promise.resolve(data))
    await server.listen(() => undefined)
    onTestFinished(() => server.close())
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'notes.jsonl')
    const payload = Buffer.from('{"pattern":"note","data":{"a":1}}').toString('base64')
    const request = { payload, contentType: 'application/json', userProperties: [] }
    const recorded = { at: 0, topic: 'note', request, isStream: false, responses: [], milliseconds: 1 }
    writeFileSync(file, `${JSON.stringify(recorded)}\n`)
    const replay = (): Promise<Ended> => antiphon(['replay', file, '--dialect', 'nestjs', '--url', url])
    // Until the service has subscribed, the broker reports no subscriber.
    let ended = await replay()
    while (ended.code === 4) ended = await replay()
    expect(ended.code).toBe(0)
    expect(JSON.parse(ended.stdout)).toMatchObject({ response: { a: 1 }, isDisposed: true })
  })
})
