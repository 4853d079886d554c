import { describeForeign, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inCache, inRoot } from '../../check/workspace.js'

const folder = inCache('getting-started')

/** The programs and outputs of the page, as a reader copies them. */
interface Page {
  readonly programs: ReadonlyMap<string, string>
  /** The text after each command, in the order of the page. */
  readonly outputs: readonly { readonly command: string; readonly output: string }[]
}

async function readPage(): Promise<Page> {
  const page = await readFile(inRoot('docs', 'guide', 'getting-started.md'), 'utf8')
  const programs = page.matchAll(/Save this as `([^`]+)`:\n\n```ts\n([^]*?)```/g)
  const outputs = page.matchAll(/```sh\nnpx tsx ([^\n]+)\n```\n\n```text\n([^]*?)\n```/g)
  return {
    programs: new Map([...programs].map(([, name = '', code = '']) => [name, code])),
    outputs: [...outputs].map(([, command = '', output = '']) => ({ command, output })),
  }
}

/** Starts a program of the page; `…` in what it must print matches any text, and lines may be broken anywhere. */
class Program {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown>
  #printed = ''

  constructor(command: string) {
    const [file = '', ...args] = command.split(' ')
    this.#child = spawn(process.execPath, ['--import', 'tsx', join(folder, file), ...args], { cwd: folder })
    this.#exit = once(this.#child, 'close')
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#printed += text))
  }

  /** Resolves when the program has printed the text. */
  async prints(text: string): Promise<void> {
    while (!this.#printed.includes(text)) {
      if (this.#child.exitCode !== null)
        throw new Error(`the program has not printed "${text}":\n${this.#printed}`)
      await once(this.#child.stdout ?? this.#child, 'data')
    }
  }

  /** Resolves with all output when the program has ended. */
  async ended(signal?: NodeJS.Signals): Promise<string> {
    if (signal !== undefined) this.#child.kill(signal)
    await this.#exit
    return this.#printed
  }
}

const words = (text: string): string => text.split(/\s+/).filter(Boolean).join(' ')
const toPattern = (output: string): RegExp =>
  new RegExp(
    `^${output
      .split('…')
      .map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'))
      .join('.*')}$`,
  )

describeForeign(['mosquitto'], 'Getting started, as the page tells, with Mosquitto', () => {
  let broker: Mosquitto
  let page: Page

  beforeAll(async () => {
    ;[broker, page] = await Promise.all([startMosquitto(), readPage()])
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
    await symlink(inRoot('examples', 'node_modules'), join(folder, 'node_modules'))
    for (const [name, code] of page.programs)
      await writeFile(join(folder, name), code.replaceAll('mqtt://localhost:1883', broker.url))
  })

  afterAll(async () => {
    await broker.stop()
  })

  it('prints what the page shows: a response, a slow handler, no responder, no broker', async () => {
    const [ready, response, slow, withoutResponder, withoutBroker] = page.outputs
    expect(page.outputs).toHaveLength(5)
    const run = async (step: typeof ready): Promise<void> => {
      const { command, output } = step ?? { command: '', output: '' }
      const expected = output
        .replaceAll('mqtt://localhost:1883', broker.url)
        .replaceAll('127.0.0.1:1883', `127.0.0.1:${broker.port}`)
      expect(words(await new Program(command).ended())).toMatch(toPattern(words(expected)))
    }

    const responder = new Program(ready?.command ?? '')
    await responder.prints(ready?.output ?? '')
    await run(response)
    await run(slow)
    await responder.prints('attic: cancelled')
    expect(await responder.ended('SIGINT')).toBe('ready\nkitchen: responded\nattic: cancelled\n')
    await run(withoutResponder)
    await broker.stop()
    await run(withoutBroker)
  })
})
