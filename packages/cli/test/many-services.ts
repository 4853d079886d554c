import { endpoint, text, type Link } from '@antiphon/core'
import {
  announceService$,
  discover$,
  pingServices$,
  serviceInfo$,
  serviceStats$,
  type DiscoveryEvent,
} from '@antiphon/core/discovery'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom, map, ReplaySubject, Subscription, take, toArray } from 'rxjs'
import { expect } from 'vitest'

const echo = endpoint({ topic: 'echo', request: text, response: text })

const LINKS = 10
const SERVICES = 1_000

/** Long enough for a busy machine. */
const query = { timeout: 60_000, stallTimeout: 60_000 }

/** Announces 1 000 services on ten connections, and expects that discovery finds, queries and loses them all. */
export async function expectThousandServices(url: string): Promise<void> {
  const links = Array.from({ length: LINKS }, () => connect(url))
  const tool = connect(url)
  const services = new Subscription()
  try {
    const events = new ReplaySubject<DiscoveryEvent>(Infinity)
    const ids = (kind: DiscoveryEvent['kind']): Promise<readonly string[]> =>
      firstValueFrom(
        events.pipe(
          filter((event) => event.kind === kind),
          map(({ service }) => service.instanceId),
          take(SERVICES),
          toArray(),
        ),
      )
    const discovery = discover$(tool, { ...query, period: 60_000 }).subscribe(events)
    const names = Array.from({ length: SERVICES }, (_, index) => `i${String(index).padStart(3, '0')}`)
    names.forEach((instanceId, index) => {
      const options = { name: 'echo', version: '1.0.0', instanceId, endpoints: [{ endpoint: echo }] }
      services.add(announceService$(links[index % LINKS] as Link, options).subscribe())
    })
    expect([...(await ids('found'))].sort()).toEqual(names)
    for (const query$ of [pingServices$, serviceInfo$, serviceStats$]) {
      const responses$ = query$(tool, { ...query, name: 'echo' })
      const found = await firstValueFrom(
        responses$.pipe(
          map(({ instanceId }) => instanceId),
          take(SERVICES),
          toArray(),
        ),
      )
      expect([...found].sort()).toEqual(names)
    }
    services.unsubscribe()
    expect([...(await ids('lost'))].sort()).toEqual(names)
    discovery.unsubscribe()
  } finally {
    services.unsubscribe()
    await Promise.all([tool, ...links].map((link) => link.close()))
  }
}
