import { VirtualTimeScheduler } from 'rxjs'
import { expect, it } from 'vitest'
import { virtualBroker } from '../../src/index.js'

it('subscribes again when the broker started a session whose CONNACK was lost', () => {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const runTo = (frame: number): void => {
    scheduler.maxFrames = frame
    scheduler.flush()
    scheduler.frame = frame
  }
  const broker = virtualBroker({ scheduler, latency: 4 })
  const link = broker.link({ clientId: 'one', clean: false, sessionExpiryInterval: 60 })
  const windows: string[] = []
  const present: boolean[] = []
  link.subscription$('a').subscribe(({ filter }) => windows.push(filter))
  link.state$.subscribe((state) => {
    if (state.status === 'online') present.push(state.info.sessionPresent)
  })
  runTo(40)
  // The session is lost. The next attempt starts another one, but the connection is cut before its CONNACK arrives.
  broker.disconnect('one', { session: 'lose' })
  runTo(51)
  expect(broker.session('one')).toMatchObject({ isConnected: true, subscriptions: [] })
  broker.disconnect('one')
  runTo(200)
  expect(present).toEqual([false, true])
  expect(windows).toEqual(['a', 'a'])
  expect(broker.session('one')?.subscriptions).toMatchObject([{ filter: 'a' }])
})
