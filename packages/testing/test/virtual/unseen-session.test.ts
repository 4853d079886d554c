import { VirtualTimeScheduler } from 'rxjs'
import { expect, it } from 'vitest'
import { virtualBroker } from '../../src/index.js'

it('a link subscribes again where the broker began a session in an attempt whose answer was lost', () => {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const runTo = (frame: number): void => {
    scheduler.maxFrames = frame
    scheduler.flush()
    scheduler.frame = frame
  }
  const broker = virtualBroker({ scheduler, latency: 4 })
  const link = broker.link({ clientId: 'one', clean: false, sessionExpiry: 60 })
  const windows: string[] = []
  const present: boolean[] = []
  link.subscription$('a').subscribe(({ filter }) => windows.push(filter))
  link.state$.subscribe((state) => {
    if (state.status === 'online') present.push(state.grant.sessionPresent)
  })
  runTo(40)
  // The session is lost; the next attempt begins another, but its CONNACK is cut off on the way.
  broker.disconnect('one', { session: 'lose' })
  runTo(51)
  expect(broker.session('one')).toMatchObject({ isConnected: true, subscriptions: [] })
  broker.disconnect('one')
  runTo(200)
  expect(present).toEqual([false, true])
  expect(windows).toEqual(['a', 'a'])
  expect(broker.session('one')?.subscriptions).toMatchObject([{ filter: 'a' }])
})
