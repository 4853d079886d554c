import {
  endpoint,
  request,
  request$,
  requests$,
  serve,
  type EndpointTypes,
  type ExchangeOptions,
  type LinkMiddleware,
  type RequestsOptions,
} from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { firstValueFrom, identity, of, Subject } from 'rxjs'
import { echoCodec, topic, topicsOf, type EchoMessage } from './contract.js'
import { runUnary } from './unary.js'

const contract = endpoint({ topic, request: echoCodec, response: echoCodec })

/** The parts of the library that a program uses beside a plain endpoint. */
export interface AntiphonProgram {
  /** Wraps the links of both ends. */
  readonly middleware?: LinkMiddleware
  readonly requestOptions?: ExchangeOptions
  readonly requestsOptions?: Pick<RequestsOptions<EndpointTypes>, 'authenticate'>
}

/** Runs this process as requester or responder on this library. */
export function runAntiphon({
  middleware = identity,
  requestOptions = {},
  requestsOptions = {},
}: AntiphonProgram = {}): Promise<void> {
  return runUnary({
    requester: async ({ port, qos }) => {
      const link = middleware(connect(`mqtt://127.0.0.1:${port}`))
      const options = { qos, timeout: 60_000, ...requestOptions }
      return (form) =>
        ({ onResponse, onError }) => {
          if (form === 'promise') {
            return (value) => void request(link, contract, value, options).then(onResponse, onError)
          }
          const values$ = new Subject<EchoMessage>()
          values$.pipe(request$(link, contract, options)).subscribe({ next: onResponse, error: onError })
          return (value) => values$.next(value)
        }
    },
    responder: async (role) => {
      const link = middleware(connect(`mqtt://127.0.0.1:${role.port}`))
      const topics = topicsOf(role)
      for (const name of topics) {
        const servedEndpoint =
          topics.length === 1 ? contract : endpoint({ topic: name, request: echoCodec, response: echoCodec })
        requests$(link, servedEndpoint, { qos: 2, ...requestsOptions })
          .pipe(serve(({ value }) => of(value), { concurrency: 1_024 }))
          .subscribe()
      }
      await Promise.all(topics.map((name) => firstValueFrom(link.subscription$(name, { qos: 2 }))))
    },
  })
}
