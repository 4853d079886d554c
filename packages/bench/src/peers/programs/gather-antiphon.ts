import { endpoint, gather$, requests$, serve } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { count, filter, firstValueFrom, lastValueFrom, of } from 'rxjs'
import { firstId, echoMessage, echoCodec, topic } from '../contract.js'
import { measureGather, timeout, type GatherResult, type GatherOptions } from '../gather.js'
import { runPeer } from '../run-peer.js'

const contract = endpoint({ topic, request: echoCodec, response: echoCodec })

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
    gather: (gatherOptions: GatherOptions): Promise<GatherResult> =>
      measureGather(gatherOptions, (id) => {
        const options = { qos, count: gatherOptions.responders, timeout }
        const response$ = gather$(link, contract, echoMessage(firstId + id, 32), options)
        return lastValueFrom(
          response$.pipe(
            filter(({ _tag }) => _tag === 'Right'),
            count(),
          ),
        )
      }),
  }
})
