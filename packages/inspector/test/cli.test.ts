import { createBroker } from '@antiphon/broker'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebSocket } from 'ws'

const program = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const event = { kind: 'closed', side: 'link', at: 1, client: 'c', link: 'l' }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-inspect-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Runs the program until it ends or prints the address of its page. */
async function run(...args: readonly string[]): Promise<{
  readonly url: string | undefined
  /** Returns what the program has printed, all of it once it has been stopped. */
  readonly printed: () => string
  readonly stop: () => Promise<number | null>
}> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(child, 'close') as Promise<[number | null]>
  let printed = ''
  const url = await new Promise<string | undefined>((resolve) => {
    const read = (text: string): void => {
      printed += text
      const address = /The inspector is at (\S+)\n/.exec(printed)?.[1]
      if (address !== undefined) resolve(address)
    }
    child.stdout.setEncoding('utf8').on('data', read)
    child.stderr.setEncoding('utf8').on('data', read)
    child.once('close', () => resolve(undefined))
  })
  const stop = async (): Promise<number | null> => {
    child.kill()
    return (await exit)[0]
  }
  return { url, printed: () => printed, stop }
}

/** Resolves with the first events that a page gets. */
async function eventsOf(url: string): Promise<unknown> {
  const socket = new WebSocket(url.replace('http', 'ws'))
  return new Promise((resolve) => {
    socket.on('message', (data: Buffer) => {
      const value = JSON.parse(data.toString()) as unknown
      if (!Array.isArray(value)) return
      resolve(value)
      socket.close()
    })
  })
}

it('opens a recording, and says how many lines are not events', async () => {
  const file = join(folder, 'exchanges.ndjson')
  await writeFile(file, `${JSON.stringify(event)}\nno event\n`)
  const { url = '', printed, stop } = await run(file)
  expect(await eventsOf(url)).toEqual([event])
  await stop()
  // The two outputs of a process may be read in another order than they were written.
  expect(printed()).toContain(`1 lines of ${file} are not events`)
})

it('observes a broker', async () => {
  const broker = createBroker()
  const subscribed = firstValueFrom(broker.events$.pipe(filter(({ type }) => type === 'subscribed')))
  const { port } = await broker.listen({ protocol: 'tcp', port: 0 })
  const { url = '', stop } = await run('--url', `mqtt://127.0.0.1:${port}`)
  const events = eventsOf(url)
  const message = {
    topic: 'a',
    payload: new Uint8Array(),
    responseTopic: 'r',
    correlationData: new Uint8Array(1),
  }
  await subscribed
  await firstValueFrom(broker.link().publish$(message))
  expect(await events).toMatchObject([{ kind: 'sent', endpoint: 'a' }])
  await stop()
  await broker.close()
})

it.each([
  ['without arguments', [], 'Usage: antiphon-inspect'],
  ['with a file and a broker', ['file', '--url', 'mqtt://localhost'], 'Usage: antiphon-inspect'],
  ['with a file that is missing', ['/missing.ndjson'], 'ENOENT'],
  ['with an address of traces that has no trace id', ['file', '--trace-url', 'http://t'], '{traceId}'],
  ['with a port that is no number', ['file', '--port', 'http'], 'options.port is NaN'],
])('ends with a message %s', async (_, args, text) => {
  const { url, printed, stop } = await run(...args)
  expect(url).toBeUndefined()
  expect(printed()).toContain(text)
  expect(printed()).not.toContain('    at ')
  expect(await stop()).toBe(2)
})

it('prints its options', async () => {
  const { printed, stop } = await run('--help')
  expect(printed()).toContain('--payload-bytes')
  expect(await stop()).toBe(0)
})
