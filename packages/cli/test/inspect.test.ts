import type { Broker } from '@antiphon/broker'
import { endpoint, request, requests$, serve, text } from '@antiphon/core'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { of } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon, type Running } from './run-antiphon.js'

const room = endpoint({ topic: 'home/room', request: text, response: text })
const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
let broker: Broker
let url = ''

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
  requests$(broker.link(), room)
    .pipe(serve(({ value }) => of(`${value}!`)))
    .subscribe()
})
afterAll(async () => {
  await broker.close()
  rmSync(folder, { recursive: true })
})

/** Returns the address of the page of a running command. */
async function pageOf(running: Running): Promise<string> {
  await running.printed('token=')
  return /http:[^\s"]+/.exec(running.shown())?.[0] ?? ''
}

describe('antiphon inspect', () => {
  it('shows the exchanges of a broker until Ctrl-C', async () => {
    const running = startAntiphon(['inspect', '--filter', 'home/#', '--filter', 'response/#', '--json'], {
      env: { ANTIPHON_URL: url },
    })
    const socket = new WebSocket((await pageOf(running)).replace('http', 'ws'))
    const kinds: string[] = []
    socket.on('message', (data: Buffer) => {
      const value = JSON.parse(data.toString()) as unknown
      if (Array.isArray(value)) for (const { kind } of value as { kind: string }[]) kinds.push(kind)
    })
    await once(socket, 'message')
    await request(broker.link(), room, 'hi')
    while (!kinds.includes('settled')) await once(socket, 'message')
    expect(kinds).toEqual(['sent', 'received', 'settled'])
    running.interrupt()
    expect((await running.ended).code).toBe(0)
    expect((await running.ended).records()).toMatchObject([{ type: 'ready', topic: 'home/# response/#' }])
  })

  it('shows a recording, and says how many lines are not events', async () => {
    const file = join(folder, 'exchanges.ndjson')
    const event = { kind: 'closed', side: 'link', at: 1, client: 'c', link: 'l' }
    writeFileSync(file, `${JSON.stringify(event)}\nnothing\n`)
    const running = startAntiphon(['inspect', file])
    const page = await pageOf(running)
    running.interrupt()
    expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\da-f]{32}$/)
    expect(await running.ended).toMatchObject({
      code: 0,
      stderr: `1 lines of ${file} are not events\n`,
      stdout: `showing the exchanges in ${file}, until Ctrl-C: ${page}\n`,
    })
  })

  it('offers the requests of a contract', async () => {
    const module = fileURLToPath(new URL('contract-module.ts', import.meta.url))
    const running = startAntiphon(['inspect', '--contract', module], { env: { ANTIPHON_URL: url } })
    const socket = new WebSocket((await pageOf(running)).replace('http', 'ws'))
    const [hello] = (await once(socket, 'message')) as [Buffer]
    const { endpoints } = JSON.parse(hello.toString()) as { endpoints: { name: string }[] }
    expect(endpoints.map(({ name }) => name)).toContain('module/greet')
    running.interrupt()
    expect((await running.ended).code).toBe(0)
  })

  it.each<[string, readonly string[], number, string]>([
    ['a file that is missing', ['/missing.ndjson'], 2, 'cannot read /missing.ndjson'],
    ['a contract with a recording', ['x.ndjson', '--contract', 'car.yaml'], 2, '--contract needs a broker'],
    ['an address of traces without a trace id', ['--trace-url', 'http://t'], 2, '{traceId}'],
    ['a broker that is not there', ['--url', 'mqtt://127.0.0.1:1'], 8, 'ECONNREFUSED'],
    ['a filter that is not valid', ['--filter', 'a/#/b'], 2, 'a/#/b'],
  ])('refuses %s', async (_, args, code, message) => {
    const ended = await antiphon(['inspect', ...args], { env: { ANTIPHON_URL: url } })
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr).toContain(message)
  })

  it('ends at once if it is interrupted before it starts', async () => {
    const running = startAntiphon(['inspect'], { env: { ANTIPHON_URL: url } })
    running.interrupt()
    expect((await running.ended).code).toBe(0)
  })
})
