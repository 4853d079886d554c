import type { Broker } from '@antiphon/broker'
import { endpoint, requests$, serve, text } from '@antiphon/core'
import { firstValueFrom, map, of, Subject, take, timer, type Observable } from 'rxjs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settle } from '../src/request/settle.js'
import { readLines } from '../src/payload/read-lines.js'
import { Progress } from '../src/output/progress.js'
import { startBroker } from './broker-url.js'
import { filterCommand } from './node-command.js'
import { antiphon, inputOf, startAntiphon } from './run-antiphon.js'

let broker: Broker
let url = ''
const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
const served$ = new Subject<string>()
/** Lets the responder respond to `late`. */
const late$ = new Subject<void>()

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
  await new Promise<void>((resolve) => {
    const work = endpoint({ topic: 'work', request: text, response: text })
    const respond = (value: string): Observable<string> => {
      served$.next(value)
      if (value === 'bad') throw new Error('bad')
      if (value === 'late')
        return late$.pipe(
          take(1),
          map(() => value),
        )
      return value === 'slow' ? timer(200).pipe(map(() => value)) : of(value.toUpperCase())
    }
    requests$(broker.link(), work, { onSubscribed: resolve })
      .pipe(serve(({ value }) => respond(value)))
      .subscribe()
  })
})
afterAll(async () => {
  await broker.close()
  rmSync(folder, { recursive: true })
})

describe('antiphon request --lines', () => {
  it('sends each line and prints the responses in order, with a summary', async () => {
    const stdin = inputOf('a\nslow\r\nb', 'c\n')
    const { code, stdout, stderr } = await antiphon(['request', 'work', '--lines', '-u', url], { stdin })
    expect([code, stdout]).toEqual([0, 'A\nslow\nBC\n'])
    expect(stderr).toMatch(/^3 answered, 0 failed in [\d.]+ ms\n$/)
  })

  it('prints responses as they arrive with --unordered', async () => {
    const stdin = inputOf('late\nb\n')
    const args = ['request', 'work', '--lines', '--unordered', '--timeout', '1m', '-u', url]
    const { printed, ended } = startAntiphon(args, { stdin })
    await printed('B\n')
    late$.next()
    expect((await ended).stdout).toBe('B\nlate\n')
  })

  it('goes on after a failure, and exits with the code of the first one', async () => {
    const stdin = inputOf('a\nbad\nb\n')
    const { code, records } = await antiphon(['request', 'work', '--lines', '--json', '-u', url], { stdin })
    expect(code).toBe(5)
    expect(records()).toMatchObject([
      { type: 'response', request: 1, value: 'A' },
      { type: 'error', request: 2, code: 'status', exitCode: 5 },
      { type: 'response', request: 3, value: 'B' },
      { type: 'summary', requests: 3, answered: 2, failed: 1 },
    ])
  })

  it('counts a line that is not of the format as a failure', async () => {
    const stdin = inputOf('{}\n{\n')
    const args = ['request', 'work', '--lines', '--in', 'json', '--json', '-u', url]
    const { code, records } = await antiphon(args, { stdin })
    expect([code, records().map(({ type }) => type)]).toEqual([5, ['error', 'error', 'summary']])
    expect(records()[1]).toMatchObject({ exitCode: 2, request: 2 })
  })

  it('prints a response before the next line is read', async () => {
    const lines$ = new Subject<void>()
    const stdin = (async function* () {
      yield Buffer.from('a\n')
      await firstValueFrom(lines$)
      yield Buffer.from('b\n')
    })()
    const { printed, ended } = startAntiphon(['request', 'work', '-l', '-u', url], { stdin })
    await printed('A\n')
    lines$.next()
    expect((await ended).stdout).toBe('A\nB\n')
  })

  it('keeps no more requests in flight than --concurrency', async () => {
    const stdin = inputOf('slow\nlast\n')
    const seen: string[] = []
    served$.subscribe((value) => seen.push(value))
    const { printed, ended } = startAntiphon(['request', 'work', '-l', '--concurrency', '1', '-u', url], {
      stdin,
    })
    await printed('slow')
    expect(seen).toEqual(['slow'])
    expect((await ended).stdout).toBe('slow\nLAST\n')
  })

  it('ends on Ctrl-C while it waits for a line', async () => {
    const stdin = (async function* () {
      yield Buffer.from('a\n')
      await firstValueFrom(new Subject())
    })()
    const { printed, interrupt, ended } = startAntiphon(['request', 'work', '-l', '-u', url], { stdin })
    await printed('A\n')
    interrupt()
    expect((await ended).code).toBe(130)
  })

  it('shows a progress bar on a terminal', async () => {
    const args = ['request', 'work', 'x', '--count', '3', '-u', url]
    const { stderr, stdout } = await antiphon(args, { isTerminal: true })
    expect(stdout).toBe('X\nX\nX\n')
    expect(stderr).toMatch(/\[#+\.*\] [123]\/3/)
  })

  it('fills a template for each request', async () => {
    const file = join(folder, 'names.txt')
    writeFileSync(file, 'ann\nbob\n')
    const args = ['request', 'work', `{{count}}-{{line ${file}}}`, '--template', '--count', '3', '-u', url]
    expect((await antiphon(args)).stdout).toBe('1-ANN\n2-BOB\n3-ANN\n')
    const stdin = inputOf('x{{count}}\n')
    const lines = await antiphon(['request', 'work', '--lines', '--template', '-u', url], { stdin })
    expect(lines.stdout).toBe('X1\n')
  })

  it.each<[readonly string[], string]>([
    [['x', '--lines'], '--lines reads the payloads from standard input: leave the payload out'],
    [['--lines', '--count', '2'], '--lines and --count exclude each other: set one of them'],
    [['{{line /missing}}', '--template'], 'cannot read {{line /missing}}: ENOENT: no such file or directory'],
    [['{{line}}', '--template'], '{{line}} needs a file, such as {{line names.txt}}'],
    [['{{random 6 1}}', '--template'], '{{random}} takes two whole numbers in order, such as {{random 1 6}}'],
    [['{{time h}}', '--template'], '{{time h}} is not known: use {{time}}, {{time ms}} or {{time s}}'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await antiphon(['request', 'work', ...args, '-u', url])
    expect([code, stderr]).toEqual([2, `antiphon: ${message}\n`])
  })

  it('knows times, numbers and UUIDs in templates', async () => {
    const payload = '{{random}} {{time}} {{time ms}} {{time s}} {{uuid}}'
    const { stdout } = await antiphon(['request', 'work', payload, '--template', '-u', url])
    expect(stdout).toMatch(/^0\.\d+(E-\d+)? \d{4}-\d\d-\d\dT[\d:.]+Z \d{13} \d{10} [\dA-F-]{36}\n$/)
  })
})

describe('antiphon request --through', () => {
  it('prints what a command makes of the response', async () => {
    const args = [
      'request',
      'work',
      'abc',
      '-u',
      url,
      '--through',
      filterCommand('text.toLowerCase().slice(1)'),
    ]
    expect(await antiphon(args)).toMatchObject({ code: 0, stdout: 'bc\n' })
    const json = [...args.slice(0, -1), `echo '{"a":1}'`, '--json', '--out', 'json']
    expect((await antiphon(json)).records()).toMatchObject([{ value: { a: 1 }, format: 'json' }])
  })

  it('reports a command that fails', async () => {
    const args = ['request', 'work', 'abc', '-u', url, '--through']
    expect(await antiphon([...args, 'echo no >&2; exit 3'])).toMatchObject({
      code: 1,
      stderr: 'antiphon: --through ended with 3: no\n',
    })
    expect(await antiphon([...args, 'exit 4'])).toMatchObject({
      stderr: 'antiphon: --through ended with 4: it printed no error\n',
    })
  })
})

describe('readLines', () => {
  it('splits lines at any boundary of the input', async () => {
    const lines: string[] = []
    for await (const line of readLines(inputOf('ä'.slice(0), '\n', '\nb', 'c\r\n', 'd'))) lines.push(line)
    expect(lines).toEqual(['ä', '', 'bc', 'd'])
  })

  it('reads 100 MB of lines without keeping them', async () => {
    const chunk = Buffer.from(`${'x'.repeat(1_023)}\n`.repeat(64))
    async function* input(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 1_600; count += 1) yield await Promise.resolve(chunk)
    }
    let count = 0
    for await (const _ of readLines(input())) count += 1
    expect(count).toBe(1_600 * 64)
  })

  it('refuses a line that no packet can carry', async () => {
    const chunk = Buffer.alloc(67_108_864)
    const lines = readLines(inputOf(chunk, chunk, chunk, chunk))
    await expect(lines.next()).rejects.toThrow('a line is too long')
  })
})

describe('settle', () => {
  it('reads an item only when a task can start', async () => {
    let read = 0
    async function* items(): AsyncGenerator<number> {
      for (;;) yield await Promise.resolve((read += 1))
    }
    const results = settle(items(), (item) => Promise.resolve(item), { concurrency: 4, isOrdered: true })
    for (let count = 0; count < 10; count += 1) await results.next()
    expect(read).toBeLessThanOrEqual(15)
  })
})

describe('Progress', () => {
  it('fits a terminal of 20 columns, and counts without a total', async () => {
    const written: string[] = []
    const stream = {
      write: (text: string | Uint8Array) => Promise.resolve(void written.push(String(text))),
      isTerminal: true,
      columns: 20,
    }
    await new Progress(stream, 1_000).show(500, 3)
    await new Progress(stream, undefined).show(7, 0)
    expect(written.map((text) => text.replace('\r\u001b[K', ''))).toEqual([
      ' 500/1000, 3 failed',
      '7 requests',
    ])
  })
})
