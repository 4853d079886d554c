import { endpoint, text, type Link } from '@antiphon/core'
import { announceService$, discover$, serviceInfo$, type DiscoveryEvent } from '@antiphon/core/discovery'
import { connect, type ConnectOptions } from '@antiphon/mqtt'
import { describeForeign, startMosquitto, type Mosquitto } from '@antiphon/workshop'
import { filter, firstValueFrom, ReplaySubject } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'

const echo = endpoint({ topic: 'echo', request: text, response: text })

describeForeign(['mosquitto'], 'discovery over Mosquitto', () => {
  let broker: Mosquitto
  let links: Link[]
  beforeEach(async () => {
    links = []
    broker = await startMosquitto()
  })
  afterEach(async () => {
    await Promise.all(links.map((link) => link.close()))
    await broker.stop()
  })

  const newLink = (options: ConnectOptions): Link => {
    const link = connect(`mqtt://127.0.0.1:${broker.port}`, options)
    links.push(link)
    return link
  }

  it.each([[5], [4]] as const)(
    'finds services that come and go with MQTT protocol version %i',
    async (protocolVersion) => {
      const events = new ReplaySubject<DiscoveryEvent>(Infinity)
      const tool = newLink({ protocolVersion })
      // Long enough for a busy machine.
      const query = { timeout: 30_000, stallTimeout: 30_000 }
      const discovery = discover$(tool, query).subscribe(events)
      const next = (kind: DiscoveryEvent['kind']): Promise<DiscoveryEvent> =>
        firstValueFrom(events.pipe(filter((event) => event.kind === kind)))
      const options = { name: 'echo', version: '1.0.0', instanceId: 'a', endpoints: [{ endpoint: echo }] }
      const service = announceService$(newLink({ protocolVersion }), options).subscribe()
      expect((await next('found')).service).toMatchObject({ name: 'echo', endpoints: [{ topic: 'echo' }] })
      const info$ = serviceInfo$(tool, { ...query, name: 'echo', instanceId: 'a' })
      expect(await firstValueFrom(info$)).toMatchObject({ version: '1.0.0' })
      service.unsubscribe()
      expect(await next('lost')).toMatchObject({ reason: 'stopped' })
      discovery.unsubscribe()
    },
  )
})
