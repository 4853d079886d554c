import { createAuthority } from '@antiphon/broker/certificates'
import { developmentTls, type CommandLog } from '@antiphon/broker/command'
import type { Link } from '@antiphon/core'
import { firstValueFrom, of } from 'rxjs'
import { serveUnlock } from '../../serve-unlock.js'
import { unlock$ } from '../../unlock.js'
import { connectEventGrid } from '../connect-event-grid.js'
import { createNamespace } from '../namespace/namespace.js'
import { loadState } from '../namespace/resources.js'
import { unlockSample } from './unlock-sample.js'

/** Runs the unlock story over TLS on this machine: a namespace, a car and a phone with certificates. */
export async function runDemo(log: CommandLog): Promise<void> {
  const authority = await createAuthority('Antiphon demo authority')
  const { cert, key, ca } = await developmentTls()
  const namespace = createNamespace()
  namespace.events$.subscribe(log.event)
  loadState(namespace, unlockSample)
  const tls = { cert, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false }
  const { url } = await namespace.listen({ protocol: 'tls', tls })
  log.notice(`listening on ${url}`)
  const connect = async (authenticationName: string): Promise<Link> => {
    const identity = await authority.issue({ commonName: authenticationName, usage: 'client' })
    return connectEventGrid({ host: 'localhost', url, ca, ...identity, authenticationName })
  }
  const [car, phone] = [await connect('car1'), await connect('mobile1')]
  try {
    const filter = 'vehicles/unlock/req/car1/#'
    const isSubscribed = firstValueFrom(car.subscription$(filter))
    const serving = serveUnlock(car, 'car1').subscribe()
    await isSubscribed
    log.notice(`car1: serves ${filter}`)
    const { result } = await firstValueFrom(of('car1').pipe(unlock$(phone, 'mobile1')))
    log.notice(`mobile1: response received.  Result=${result}`)
    serving.unsubscribe()
  } finally {
    await Promise.all([car.close(), phone.close()])
    await namespace.close()
  }
}
