import { endpoint, exchange$, requests$, serve } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { firstValueFrom } from 'rxjs'
import { echoMessage, echoCodec, topic } from '../contract.js'
import { runPeer } from '../run-peer.js'
import { measureStream, type StreamResult, type StreamOptions } from '../stream.js'

const contract = endpoint({ topic, request: echoCodec, response: echoCodec, responses: 'many' })

await runPeer(async ({ part, port, qos }) => {
  const link = connect(`mqtt://127.0.0.1:${port}`)
  if (part === 'responder') {
    requests$(link, contract, { qos: 2 })
      .pipe(
        serve(function* ({ value: { id: items } }) {
          for (let id = 0; id < items; id += 1) yield echoMessage(id, 32)
        }),
      )
      .subscribe()
    await firstValueFrom(link.subscription$(topic, { qos: 2 }))
    return {}
  }
  return {
    stream: ({ items, credit }: StreamOptions): Promise<StreamResult> =>
      measureStream((next, end, fail) => {
        const options = { qos, timeout: 120_000, ...(credit === undefined ? {} : { credit }) }
        exchange$(link, contract, echoMessage(items, 32), options).subscribe({
          next,
          complete: end,
          error: fail,
        })
      }),
  }
})
