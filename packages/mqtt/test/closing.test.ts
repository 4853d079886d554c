import { connect } from '@antiphon/mqtt'
import { asyncScheduler, filter, firstValueFrom, type Subscription } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connackBytes, type ScriptedBroker, startScriptedBroker } from './scripted-broker.js'

describe('closing a link over MQTT.js', () => {
  let broker: ScriptedBroker
  beforeEach(async () => {
    broker = await startScriptedBroker()
  })
  afterEach(() => broker.stop())

  it('leaves no timer', async () => {
    const schedule = vi.spyOn(asyncScheduler, 'schedule')
    const link = connect(broker.url)
    broker.answerConnect(Uint8Array.from(connackBytes(5)))
    await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
    await link.close()
    const timers = schedule.mock.results.map(({ value }) => value as Subscription)
    schedule.mockRestore()
    expect(timers.length).toBeGreaterThan(0)
    expect(timers.filter(({ closed }) => !closed)).toEqual([])
  })

  it('ends a link whose broker sends a Receive Maximum of 0, with an error that says so', async () => {
    const link = connect(broker.url)
    broker.answerConnect(Uint8Array.of(0x20, 6, 0, 0, 3, 0x21, 0, 0))
    const state = await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'closed')))
    expect(state).toMatchObject({ error: { code: 'protocol' } })
    expect(state).toHaveProperty('error.message', expect.stringContaining('Receive Maximum of 0'))
  })
})
