import { endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import type { ExchangeEvent } from '@antiphon/core/events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { delay, of } from 'rxjs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { marbles, type MarbleContext } from '../../src/index.js'
import { recordingInto } from '../../src/marbles/recording.js'
import { ExpectationError } from '../../src/compare/expectation.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-record-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** Expects the response at a time at which it is not there. */
function late({ link, expectObservable }: MarbleContext): void {
  requests$(link({ clientId: 'server' }), echo)
    .pipe(serve(({ value }) => of(`${value}!`).pipe(delay(20))))
    .subscribe()
  expectObservable(exchange$(link({ clientId: 'phone' }), echo, 'hi')).toBe('10ms (a|)', { a: 'hi!' })
}

const messageOf = (test: () => void): string => {
  try {
    test()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('the test has passed')
}

it('records the exchanges of a failed expectation, and says how to open them', async () => {
  const message = messageOf(marbles(late, { record: folder }))
  expect(message).toContain('+     20ms next "hi!"')
  expect(message).toMatch(
    /The exchanges are recorded\. To see them, run: npx -p @antiphon\/inspector antiphon-inspect \S+recording\.test\.ts-\d+\.ndjson$/,
  )
  const [file = ''] = await readdir(folder)
  expect(message).toContain(join(folder, file))
  const events = (await readFile(join(folder, file), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ExchangeEvent)
  const told = events.map(({ at, side, kind }) => `${at} ${side} ${kind}`)
  expect(told).toContain('0 requester requested')
  expect(told).toContain('20 responder responded')
  expect(told).toContain('20 requester settled')
  expect(events.find(({ kind }) => kind === 'sent')).toMatchObject({ message: { payload: 'hi' } })
})

it('takes the folder from the environment', async () => {
  vi.stubEnv('ANTIPHON_RECORD', join(folder, 'new'))
  expect(messageOf(marbles(late))).toContain(join(folder, 'new'))
  expect(await readdir(join(folder, 'new'))).toHaveLength(1)
})

it('records nothing of a test that passes, nor without a folder', async () => {
  marbles(
    ({ link, expectObservable }) => {
      requests$(link({ clientId: 'server' }), echo)
        .pipe(serve(({ value }) => of(value)))
        .subscribe()
      expectObservable(exchange$(link(), echo, 'hi')).toBe('(a|)', { a: 'hi' })
    },
    { record: folder },
  )()
  expect(messageOf(marbles(late))).not.toContain('recorded')
  expect(await readdir(folder)).toEqual([])
})

it('says why the exchanges were not recorded', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  expect(messageOf(marbles(late, { record: file }))).toContain('The exchanges were not recorded: EEXIST')
})

it('needs Node to write the file', () => {
  vi.stubGlobal('process', {})
  try {
    const { explain } = recordingInto(folder)
    const error = new ExpectationError('no', 1, 2)
    error.stack = ''
    expect(explain(error)).toMatchObject({
      message: 'no\nThe exchanges were not recorded: only Node can write the file.',
    })
    expect(explain('other')).toBe('other')
  } finally {
    vi.unstubAllGlobals()
  }
})
