import type { Broker } from '@antiphon/broker'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { bundleProgram, startProcess, type BundledProgram } from './bundled-program.js'
import { antiphon, antiphonWithTimeout, inputOf, startAntiphon, type Running } from './run-antiphon.js'

let program: BundledProgram
let broker: Broker
let url = ''
/** A broker that accepts connections, and then says nothing. */
let hanging: Server
let responders: readonly Running[] = []

beforeAll(async () => {
  program = bundleProgram()
  const started = await startBroker()
  broker = started.broker
  url = started.url
  const connack = Buffer.from([0x20, 3, 0, 0, 0])
  hanging = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.write(connack))
  }).listen(0, '127.0.0.1')
  await once(hanging, 'listening')
  responders = [
    startAntiphon(['serve', 'echo', '--echo', '-u', url]),
    startAntiphon(['serve', 'binary', '-r', 'ff001b', '--in', 'hex', '-u', url]),
  ]
  await Promise.all(responders.map(({ printed }) => printed('serving')))
})
afterAll(async () => {
  for (const { interrupt } of responders) interrupt()
  await Promise.all(responders.map(({ ended }) => ended))
  await broker.close()
  hanging.close()
  program.remove()
})

const hangingUrl = (): string => `mqtt://127.0.0.1:${(hanging.address() as AddressInfo).port}`
const hasStack = /^ {4}at /m

describe('a broker that hangs after it has accepted the connection', () => {
  it.each<[string, readonly string[]]>([
    ['request', ['request', 'x']],
    ['request --stream', ['request', 'x', '--stream']],
    ['gather', ['gather', 'x']],
    ['ls', ['ls']],
  ])('ends antiphon %s after its timeout', async (_, args) => {
    const ended = await antiphonWithTimeout([...args, '--url', hangingUrl(), '--close-timeout', '100ms'])
    expect([ended.code, ended.stdout]).toEqual([3, ''])
    expect(ended.stderr).not.toMatch(hasStack)
  })

  it.each<[string, readonly string[], readonly number[]]>([
    ['request', ['request', 'x', '--timeout', '1h'], [130]],
    ['serve', ['serve', 'x', '--echo', '--drain-timeout', '100ms'], [0, 130]],
    ['tap', ['tap', 'x'], [0]],
    ['bench', ['bench', 'x', '--duration', '1h'], [0, 130]],
    ['check', ['check'], [0, 130]],
    ['ls', ['ls', '--timeout', '1h'], [0, 130]],
    ['inspect', ['inspect'], [0]],
  ])('is left by antiphon %s on Ctrl-C', async (_, args, codes) => {
    const running = startAntiphon([...args, '--url', hangingUrl(), '--close-timeout', '100ms', '--verbose'])
    await running.printed('< CONNACK')
    running.interrupt()
    const { code, stderr } = await running.ended
    expect(codes).toContain(code)
    expect(stderr).not.toMatch(hasStack)
  })

  it('is left at once on a second Ctrl-C', async () => {
    const args = [
      'request',
      'x',
      '--timeout',
      '1h',
      '--close-timeout',
      '1h',
      '--verbose',
      '--url',
      hangingUrl(),
    ]
    const { child, ended, printed } = startProcess(program, args)
    await printed('< CONNACK')
    child.kill('SIGINT')
    await printed('> UNSUBSCRIBE').catch(() => undefined)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect([code, stderr]).toEqual([130, expect.not.stringMatching(hasStack)])
  })
})

describe('a closed pipe', () => {
  it.each<[string, readonly string[]]>([
    ['request --lines', ['request', 'echo', '--lines']],
    ['gather', ['gather', 'echo', 'x']],
    ['check', ['check']],
    ['request --help', ['request', '--help']],
    ['schema', ['schema']],
  ])('ends antiphon %s without a stack trace', async (_, args) => {
    const { child, ended } = startProcess(program, args, { ANTIPHON_URL: url })
    child.stdout?.destroy()
    child.stdin?.on('error', () => undefined)
    child.stdin?.end('a\n'.repeat(10_000))
    const { code, stderr } = await ended
    expect([0, 141]).toContain(code)
    expect(stderr).not.toMatch(hasStack)
  })
})

describe('100 MB on standard input', () => {
  it('are refused as one payload, in one line, if no packet may carry them', async () => {
    const { child, ended } = startProcess(program, ['request', 'echo', '-', '--timeout', '1m'], {
      ANTIPHON_URL: url,
    })
    child.stdin?.on('error', () => undefined)
    for (let chunk = 0; chunk < 100; chunk++)
      if (child.stdin?.write(Buffer.alloc(2 ** 20, 'x')) === false)
        await Promise.race([once(child.stdin, 'drain'), ended])
    child.stdin?.end()
    const { code, stdout, stderr } = await ended
    expect(code).toBe(7)
    expect([stdout, stderr.split('\n').length]).toEqual(['', 2])
    expect(stderr).toMatch(
      /^antiphon: cannot publish to echo: the outgoing queue is full .*; send less at once: lower --concurrency, or split the payload\n$/,
    )
  })

  it('are left unread by a command that does not read it', async () => {
    const { child, ended } = startProcess(program, ['request', 'echo', 'x'], { ANTIPHON_URL: url })
    child.stdin?.on('error', () => undefined)
    child.stdin?.write(Buffer.alloc(100 * 2 ** 20, 'x'))
    expect(await ended).toEqual({ code: 0, stdout: 'x\n', stderr: '' })
  })
})

describe('an output that is no terminal', () => {
  it.each<[string, readonly string[]]>([
    ['request --verbose', ['request', 'echo', 'x', '--verbose']],
    ['request --count', ['request', 'echo', 'x', '--count', '20']],
    ['gather', ['gather', 'echo', '--timeout', '200ms']],
    ['bench', ['bench', 'echo', '--count', '20', '--warm-up', '1']],
    ['check', ['check']],
    ['an error', ['request', 'missing']],
  ])('gets neither colours nor a progress bar from antiphon %s', async (_, args) => {
    const { stdout, stderr } = await antiphon([...args, '--url', url])
    expect((stdout + stderr).includes('\u001b')).toBe(false)
  })

  it('gets bytes as they are, of all commands that print payloads', async () => {
    const { bytes } = await antiphon(['request', 'binary', '--url', url])
    expect([...bytes]).toEqual([0xff, 0x00, 0x1b])
    const { stdout } = await antiphon(['gather', 'binary', '--count', '1', '--url', url], {
      isTerminal: true,
    })
    expect(stdout).toContain('ff001b')
    expect(stdout).not.toContain('\u001b\u0000')
  })
})

describe('a terminal of 20 columns', () => {
  it.each<[string, readonly string[]]>([
    ['request --count', ['request', 'echo', 'x', '--count', '50']],
    ['bench', ['bench', 'echo', '--count', '50', '--warm-up', '1']],
    ['check', ['check']],
    ['gather', ['gather', 'echo', '--count', '1']],
    ['serve --help', ['serve', '--help']],
  ])('is enough for antiphon %s', async (_, args) => {
    const { code, stderr } = await antiphon([...args, '--url', url], { isTerminal: true, columns: 20 })
    expect([code, stderr]).toEqual([0, expect.not.stringMatching(hasStack)])
    // What is drawn again and again must not wrap.
    for (const line of stderr.split('\r\u001b[K').slice(1, -1))
      expect((line.split('\n')[0] ?? '').length).toBeLessThan(20)
  })
})

describe('standard input', () => {
  it('may be empty, binary, or end in the middle of a character', async () => {
    const lines = (...chunks: readonly (string | Uint8Array)[]) =>
      antiphon(['request', 'echo', '--lines', '--in', 'text', '--url', url], { stdin: inputOf(...chunks) })
    expect(await lines()).toMatchObject({ code: 0, stdout: '' })
    const { code, stderr } = await lines(Uint8Array.of(0xff, 0x0a, 0xc3))
    expect([0, 2]).toContain(code)
    expect(stderr).not.toMatch(hasStack)
  })
})
