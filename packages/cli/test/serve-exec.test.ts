import type { Broker } from '@antiphon/broker'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { OutputTooLong, runShellCommand } from '../src/process/run-shell-command.js'
import { startBroker } from './broker-url.js'
import { endlessCommand, filterCommand, nodeCommand } from './node-command.js'
import { antiphon, startAntiphon, type Ended, type Running } from './run-antiphon.js'

let broker: Broker
let url = ''
let running: Running | undefined

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
})
afterEach(async () => {
  running?.interrupt()
  await running?.ended
})
afterAll(async () => {
  await broker.close()
})

async function serve(...args: readonly string[]): Promise<Running> {
  running = startAntiphon(['serve', 'work/{job}', ...args, '--url', url])
  await running.printed('serving')
  return running
}
const request = (...args: readonly string[]): Promise<Ended> =>
  antiphon(['request', 'work/sum', ...args, '--url', url])

describe('antiphon serve --exec', () => {
  it('responds with what a command prints for the request on its standard input', async () => {
    const upperCase = filterCommand('text.toUpperCase()')
    await serve('--exec', upperCase + '; echo " $ANTIPHON_TOPIC $ANTIPHON_PARAM_job $ANTIPHON_PROPERTY_x_y"')
    expect(await request('abc', '--property', 'x-y=1')).toMatchObject({
      code: 0,
      stdout: 'ABC work/sum sum 1\n',
    })
  })

  it('responds with a stream of the lines', async () => {
    await serve('--exec', 'printf "1\\n2\\n3\\n"', '--stream')
    expect(await request('--stream')).toMatchObject({ code: 0, stdout: '1\n2\n3\n' })
  })

  it('responds with an application error if the command fails', async () => {
    await serve('--exec', 'echo first >&2; echo "no such job" >&2; exit 3')
    const { code, records } = await request('--json')
    expect(code).toBe(5)
    expect(records()).toMatchObject([{ status: { applicationCode: 'exit-3', message: 'no such job' } }])
  })

  it('says that a command was killed', async () => {
    await serve('--exec', 'kill -9 $$')
    expect((await request('--json')).records()).toMatchObject([{ status: { applicationCode: 'killed' } }])
  })

  it('does not wait for a command that leaves its input unread', async () => {
    await serve('--exec', 'echo done', '--in', 'text')
    expect(await request('x'.repeat(500_000))).toMatchObject({ code: 0, stdout: 'done\n' })
  })

  it('kills the command and its children when the requester cancels', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    // The connection of a child shows how long the child lives.
    await serve('--exec', `"${process.execPath}" -e "require('net').connect(${port})" & ${endlessCommand}`)
    const requester = startAntiphon(['request', 'work/sum', '--timeout', '1h', '--verbose', '--url', url])
    const [socket] = (await once(server, 'connection')) as [Socket]
    socket.on('error', () => undefined)
    const closed = once(socket.resume(), 'close')
    // The acceptance says where the cancel goes.
    await requester.printed('status 202')
    requester.interrupt()
    expect((await requester.ended).code).toBe(130)
    await closed
    server.close()
  })

  it('kills a command that takes too long', async () => {
    await serve('--exec', endlessCommand, '--handler-timeout', '100ms')
    expect((await request('--json')).records()).toMatchObject([{ status: { code: 408 } }])
  })
})

describe('runShellCommand', () => {
  it('kills a command that prints too much', async () => {
    const run = runShellCommand({
      command: nodeCommand('for (;;) require("fs").writeSync(1, "y".repeat(65536))'),
      input: new Uint8Array(),
      signal: new AbortController().signal,
    })
    await expect(run).rejects.toBeInstanceOf(OutputTooLong)
  })

  it('does not start a command after the signal has aborted', async () => {
    const signal = AbortSignal.abort(new Error('stopped'))
    await expect(runShellCommand({ command: 'true', input: new Uint8Array(), signal })).rejects.toThrow(
      'stopped',
    )
  })

  it('kills a command when the signal aborts', async () => {
    const controller = new AbortController()
    const run = runShellCommand({
      command: endlessCommand,
      input: new Uint8Array(),
      signal: controller.signal,
    })
    controller.abort(new Error('stopped'))
    await expect(run).rejects.toThrow('stopped')
  })
})
