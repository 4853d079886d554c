import {
  requests$,
  serve,
  type Endpoint,
  type EndpointTypes,
  type Handler,
  type Link,
  type RequestsOptions,
} from '@antiphon/core'
import { firstValueFrom, lastValueFrom, Subject, timeout } from 'rxjs'

/** A responder that runs. */
export interface StartedResponder {
  /** Drains the responder; resolves when its stream has completed. */
  readonly drain: () => Promise<void>
}

const maxWait = 30_000

/** Starts a responder; resolves when the broker has granted its subscription. */
export async function startResponder<T extends EndpointTypes>(
  link: Link,
  contract: Endpoint<T>,
  handler: Handler<T>,
  options: RequestsOptions<T> = {},
): Promise<StartedResponder> {
  const drain$ = new Subject<void>()
  const completed = lastValueFrom(requests$(link, contract, { ...options, drain$ }).pipe(serve(handler)), {
    defaultValue: undefined,
  })
  // A measure that has ended closes the link; an error before that shows as a missing response.
  completed.catch(() => undefined)
  const filter = contract.topic.filter({})
  const subscribed = link.subscription$(
    options.group === undefined ? filter : `$share/${options.group}/${filter}`,
  )
  await firstValueFrom(subscribed.pipe(timeout(maxWait)))
  return {
    drain: async () => {
      drain$.next()
      await completed
    },
  }
}
