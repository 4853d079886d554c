import type { BrokerEvent } from '@antiphon/broker'
import { firstValueFrom, VirtualTimeScheduler } from 'rxjs'
import { expect, it } from 'vitest'
import { hubWorld } from './hub-world.js'

/** Runs what is due in virtual time, and the promises of it. */
async function settle(scheduler: VirtualTimeScheduler): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    scheduler.maxFrames = scheduler.now() + 10
    scheduler.schedule(() => undefined, 10)
    scheduler.flush()
    await Promise.resolve()
  }
}

it('delivers nothing to a subscription whose topic space was deleted, until there is one again', async () => {
  const scheduler = new VirtualTimeScheduler()
  const { hub, link } = await hubWorld(['car1', 'mobile1'], scheduler)
  const [car, phone] = [link('car1'), link('mobile1')]
  const received: string[] = []
  car
    .messages$('vehicles/unlock/req/car1/#')
    .subscribe(({ payload }) => received.push(new TextDecoder().decode(payload)))
  await settle(scheduler)
  const dropped: BrokerEvent[] = []
  hub.events$.subscribe((event) => void (event.type === 'dropped' && dropped.push(event)))
  const publish = async (text: string): Promise<void> => {
    const message = { topic: 'vehicles/unlock/req/car1/mobile1', payload: Buffer.from(text), qos: 1 } as const
    const acknowledged = firstValueFrom(phone.publish$(message))
    await settle(scheduler)
    // The publisher keeps its right, by the other space.
    expect(await acknowledged).toBeDefined()
  }
  await publish('before')
  const { name, type, templates } = hub.topicSpaces.get('subscriber_ts') ?? {
    name: '',
    type: 'LowFanout',
    templates: [],
  }
  hub.topicSpaces.delete(name)
  await publish('deleted')
  expect(dropped).toMatchObject([{ clientId: 'car1', loss: 'not-authorized' }])
  hub.topicSpaces.create({ name, type, templates: templates.slice(1) })
  await publish('changed')
  hub.topicSpaces.create({ name, type, templates })
  await publish('after')
  expect(received).toEqual(['before', 'after'])
  expect(hub.broker.session('car1')?.subscriptions).toHaveLength(1)
})

it('does not deliver what was queued for an offline device before its topic space was deleted', async () => {
  const scheduler = new VirtualTimeScheduler()
  const { hub, link } = await hubWorld(['car1', 'mobile1'], scheduler)
  const car = link('car1')
  car.messages$('vehicles/unlock/req/car1/#').subscribe()
  await settle(scheduler)
  const closed = car.close()
  await settle(scheduler)
  await closed
  link('mobile1')
    .publish$({ topic: 'vehicles/unlock/req/car1/mobile1', payload: Buffer.from('x'), qos: 1 })
    .subscribe()
  await settle(scheduler)
  expect(hub.broker.session('car1')).toMatchObject({ queued: 1 })
  hub.topicSpaces.delete('subscriber_ts')
  const received: unknown[] = []
  const back = link('car1')
  back
    .messages$('vehicles/unlock/req/car1/#')
    .subscribe({ next: (message) => received.push(message), error: () => undefined })
  await settle(scheduler)
  expect([received, hub.broker.session('car1')?.queued]).toEqual([[], 0])
})
