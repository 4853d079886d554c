import type { ConformanceData } from '@antiphon/conformance'
import { endpoint, json, requests$, serve, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { describeForeign, python, startMosquitto, type Mosquitto, type Program } from '@antiphon/workshop'
import * as t from 'io-ts'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { firstValueFrom, of, throwError } from 'rxjs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

const file = createRequire(import.meta.url).resolve('@antiphon/conformance/data/exchange.json')
const { responder } = JSON.parse(readFileSync(file, 'utf8')) as ConformanceData
const passed = (lacks: readonly string[]): readonly string[] =>
  responder
    .filter(({ needs = [] }) => !needs.some((feature) => lacks.includes(feature)))
    .map(({ name }) => `pass ${name}`)

describeForeign(['mosquitto', 'python3-paho-mqtt'], 'the conformance data, run by a driver in Python', () => {
  let broker: Mosquitto
  const links: Link[] = []
  const programs: Program[] = []
  beforeAll(async () => void (broker = await startMosquitto()))
  afterEach(async () => {
    await Promise.all(links.splice(0).map((link) => link.close()))
    await Promise.all(programs.splice(0).map((program) => program.stop()))
  })
  afterAll(() => broker.stop())

  const linesOf = (prefix: string, ...lacks: readonly string[]): Promise<readonly string[]> => {
    const driver = python('conformance.py', broker.port, prefix, file, ...lacks)
    programs.push(driver)
    return driver.ended()
  }

  it('passes all responder cases with our responder', async () => {
    const lamp = endpoint({
      topic: 'ours/lamp',
      request: json(t.type({ on: t.boolean })),
      response: json(t.type({ ok: t.boolean })),
    })
    const link = connect(broker.url)
    links.push(link)
    const isSubscribed = firstValueFrom(link.subscription$('ours/lamp'))
    requests$(link, lamp)
      .pipe(
        serve(({ value: { on } }) =>
          on ? of({ ok: true }) : throwError(() => new Error('the lamp has no bulb')),
        ),
      )
      .subscribe()
    await isSubscribed
    expect(await linesOf('ours')).toEqual(passed([]))
  })

  it('passes the cases of plain MQTT with a responder in Python', async () => {
    const lamp = python('lamp.py', broker.port, 'python/lamp')
    programs.push(lamp)
    await lamp.untilLine('ready')
    expect(await linesOf('python', 'status', 'failure')).toEqual(passed(['status', 'failure']))
  })
})
