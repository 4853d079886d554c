import { endpoint, request$ } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { Subject } from 'rxjs'
import { talk, topic, type Talk } from '../contract.js'
import { pendingCommands } from '../pending.js'
import { runPeer } from '../run-peer.js'

const contract = endpoint({ topic, request: talk, response: talk })

await runPeer(async ({ port, qos }) => {
  const link = connect(`mqtt://127.0.0.1:${port}`)
  return pendingCommands(({ answered, failed }) => {
    const requests$ = new Subject<Talk>()
    requests$
      .pipe(request$(link, contract, { qos, timeout: 600_000 }))
      .subscribe({ next: answered, error: failed })
    return (request) => requests$.next(request)
  })
})
