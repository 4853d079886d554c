import { endpoint, request$ } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { Subject } from 'rxjs'
import { echoCodec, topic, type EchoMessage } from '../contract.js'
import { pendingCommands } from '../pending.js'
import { runPeer } from '../run-peer.js'

const contract = endpoint({ topic, request: echoCodec, response: echoCodec })

await runPeer(async ({ port, qos }) => {
  const link = connect(`mqtt://127.0.0.1:${port}`)
  return pendingCommands(({ onResponse, onError }) => {
    const requests$ = new Subject<EchoMessage>()
    requests$
      .pipe(request$(link, contract, { qos, timeout: 600_000 }))
      .subscribe({ next: onResponse, error: onError })
    return (request) => requests$.next(request)
  })
})
