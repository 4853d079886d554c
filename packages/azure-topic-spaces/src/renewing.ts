import { AntiphonError, type Transport } from '@antiphon/core'
import { Observable, Subscription, timer, type SchedulerLike } from 'rxjs'

/** When a connection's credential is renewed. */
export interface RenewalOptions {
  /** Milliseconds from its beginning. */
  readonly after: number
  readonly scheduler: SchedulerLike
}

/**
 * A transport whose connections end by themselves a while after they began, since the credential they began with is about
 * to run out. The link then connects again, with a fresh one; session and open questions live on.
 */
export function renewing(transport: Transport, { after, scheduler }: RenewalOptions): Transport {
  return {
    ...transport,
    connect$: (attempt) =>
      new Observable((subscriber) => {
        const connection = new Subscription()
        subscriber.add(connection)
        connection.add(
          transport.connect$(attempt).subscribe({
            next: (event) => subscriber.next(event),
            error: (error: unknown) => subscriber.error(error),
            complete: () => subscriber.complete(),
          }),
        )
        connection.add(
          timer(after, scheduler).subscribe(() => {
            connection.unsubscribe()
            const why = `the credential is ${after} ms old and about to run out: connecting with a fresh one`
            subscriber.error(new AntiphonError('connection-lost', why, { phase: 'after-network' }))
          }),
        )
      }),
  }
}
