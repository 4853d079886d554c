import { endpoint, gather$, requests$, serve } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { count, filter, firstValueFrom, lastValueFrom, of } from 'rxjs'
import { firstId, question, talk, topic } from '../contract.js'
import { gathering, patience, type Gathered, type GatherOrder } from '../gather.js'
import { runPeer } from '../run-peer.js'

const contract = endpoint({ topic, request: talk, response: talk })

await runPeer(async ({ part, port, qos, endpoints = 1 }) => {
  const url = `mqtt://127.0.0.1:${port}`
  if (part === 'responder') {
    const links = Array.from({ length: endpoints }, () => connect(url))
    for (const link of links)
      requests$(link, contract)
        .pipe(serve(({ value }) => of(value)))
        .subscribe()
    await Promise.all(links.map((link) => firstValueFrom(link.subscription$(topic))))
    return {}
  }
  const link = connect(url)
  return {
    gather: (order: GatherOrder): Promise<Gathered> =>
      gathering(order, (id) => {
        const options = { qos, count: order.responders, timeout: patience }
        const response$ = gather$(link, contract, question(firstId + id, 32), options)
        return lastValueFrom(
          response$.pipe(
            filter(({ _tag }) => _tag === 'Right'),
            count(),
          ),
        )
      }),
  }
})
