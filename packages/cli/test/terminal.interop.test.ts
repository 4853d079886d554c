import type { Broker } from '@antiphon/broker'
import { describeForeign } from '@antiphon/workshop'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { bundleProgram, type BundledProgram } from './bundled-program.js'
import { pictures } from './pictures/sessions.js'
import { guidePage, startAntiphon, type Running } from './run-antiphon.js'
import { startTerminal, type TerminalSession } from './terminal/terminal.js'

const ctrlC = '\u0003'
let program: BundledProgram
let broker: Broker
let url = ''
let responders: readonly Running[] = []

const antiphon = (args: readonly string[], columns?: number): TerminalSession =>
  startTerminal([process.execPath, program.file, ...args], {
    env: { ANTIPHON_URL: url },
    ...(columns !== undefined && { columns }),
  })

describeForeign(['python3-paho-mqtt'], 'antiphon in a terminal', () => {
  beforeAll(async () => {
    program = bundleProgram()
    const started = await startBroker()
    broker = started.broker
    url = started.url
    responders = [
      startAntiphon(['serve', 'home/temperature', '--template', '{{payload}}: 22.5 °C', '-u', url]),
      startAntiphon(['serve', 'binary', '-r', 'ff00', '--in', 'hex', '-u', url]),
      startAntiphon(['serve', 'slow', '--echo', '--delay', '1h', '--drain-timeout', '1ms', '-u', url]),
    ]
    await Promise.all(responders.map(({ printed }) => printed('serving')))
  })
  afterAll(async () => {
    for (const { interrupt } of responders) interrupt()
    await Promise.all(responders.map(({ ended }) => ended))
    await broker.close()
    program.remove()
  })

  it('shows a response', async () => {
    expect(await antiphon(['request', 'home/temperature', 'Vienna']).ended).toEqual({
      output: 'Vienna: 22.5 °C\r\n',
      code: 0,
    })
  })

  it('shows bytes as digits', async () => {
    expect(await antiphon(['request', 'binary']).ended).toEqual({ output: 'ff00\r\n', code: 0 })
  })

  it('marks errors and packets by colours', async () => {
    const { output, code } = await antiphon(['request', 'missing', '--verbose']).ended
    expect(code).toBe(4)
    expect(output).toContain('\u001b[2m> CONNECT, attempt 1\u001b[22m\r\n')
    expect(output).toContain('\u001b[31mantiphon:\u001b[39m the broker reports no subscriber to missing')
  })

  it('cancels a request on Ctrl-C', async () => {
    const { shows, press, ended } = antiphon(['request', 'slow', 'x', '--timeout', '1h', '--verbose'])
    await shows('< PUBACK')
    press(ctrlC)
    const { output, code } = await ended
    expect([code, output.includes('    at ')]).toEqual([130, false])
  })

  it('ends a responder on Ctrl-C', async () => {
    const { shows, press, ended } = antiphon(['serve', 'other', '--echo'])
    await shows('serving other')
    press(ctrlC)
    expect((await ended).code).toBe(0)
  })

  it('keeps the progress and the help within 20 columns', async () => {
    const { output, code } = await antiphon(['request', 'home/temperature', 'x', '--count', '300'], 20).ended
    expect(code).toBe(0)
    const progress = output.split('\r\u001b[K').slice(1, -1)
    expect(progress.length).toBeGreaterThan(0)
    for (const line of progress) expect((line.split('\r\n')[0] ?? '').length).toBeLessThan(20)
    expect((await antiphon(['serve', '--help'], 20).ended).code).toBe(0)
  })
})

describeForeign(['python3-paho-mqtt'], 'the pictures of the guide', () => {
  it('exist, and are on the page', () => {
    const page = guidePage()
    for (const { name } of pictures) {
      const file = new URL(`../../../docs/guide/command-line/${name}.svg`, import.meta.url)
      expect([name, existsSync(file), page.includes(`(command-line/${name}.svg)`)]).toEqual([
        name,
        true,
        true,
      ])
      expect(readFileSync(file, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s)
    }
  })
})
