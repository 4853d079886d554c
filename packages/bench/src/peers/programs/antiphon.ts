import { endpoint, request, request$, requests$, serve } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { firstValueFrom, of, Subject } from 'rxjs'
import { talk, topic, topicsOf, type Talk } from '../contract.js'
import { runUnary } from '../unary.js'

const contract = endpoint({ topic, request: talk, response: talk })

await runUnary({
  requester: async ({ port, qos }) => {
    const link = connect(`mqtt://127.0.0.1:${port}`)
    const options = { qos, timeout: 60_000 }
    return (form) =>
      ({ answered, failed }) => {
        if (form === 'promise') {
          return (question) => void request(link, contract, question, options).then(answered, failed)
        }
        const questions$ = new Subject<Talk>()
        questions$.pipe(request$(link, contract, options)).subscribe({ next: answered, error: failed })
        return (question) => questions$.next(question)
      }
  },
  responder: async (role) => {
    const link = connect(`mqtt://127.0.0.1:${role.port}`)
    const topics = topicsOf(role)
    for (const each of topics) {
      const served = topics.length === 1 ? contract : endpoint({ topic: each, request: talk, response: talk })
      requests$(link, served, { qos: 2 })
        .pipe(serve(({ value }) => of(value), { concurrency: 1_024 }))
        .subscribe()
    }
    await Promise.all(topics.map((each) => firstValueFrom(link.subscription$(each, { qos: 2 }))))
  },
})
