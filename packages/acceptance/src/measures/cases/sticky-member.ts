import {
  endpoint,
  serve,
  text,
  type ContractTypes,
  type Correlation,
  type Endpoint,
  type Link,
} from '@antiphon/core'
import { presence } from '@antiphon/core/presence'
import { stickyRequests$ } from '@antiphon/core/sticky-groups'
import type { ConnectOptions } from '@antiphon/mqtt'
import { delay, firstValueFrom, lastValueFrom, of, ReplaySubject, Subject, timeout } from 'rxjs'

/** The endpoint of the group; a member responds with its client id. */
export const stickyEcho: Endpoint<
  ContractTypes<'measures/{key}/member', string, string, 'one', Correlation>
> = endpoint({ topic: 'measures/{key}/member', request: text, response: text })

/** The name of the group. */
export const stickyGroupName = 'sticky'

/** A member that runs. */
export interface StickyMember {
  readonly link: Link
  /** Drains the member; resolves when its stream has completed. */
  readonly drain: () => Promise<void>
}

/** What a member does with its requests. */
export interface StickyMemberOptions {
  /** Milliseconds that the handler takes. */
  readonly handlerTime: number
  readonly onRequest: (value: string) => void
}

const maxWait = 30_000
/** RabbitMQ sends no retained announcements to requesters that subscribe later. */
const refreshPeriod = 1_000

/** Starts a member; resolves when it is subscribed and announced. */
export async function startStickyMember(
  clientId: string,
  connect: (options: ConnectOptions) => Link,
  { handlerTime, onRequest }: StickyMemberOptions,
): Promise<StickyMember> {
  const self = presence({ clientId, refreshPeriod })
  const link = self.announce(connect({ will: self.will }))
  const drain$ = new Subject<void>()
  const isSubscribed$ = new ReplaySubject<void>(1)
  const requests$ = stickyRequests$(link, stickyEcho, {
    group: stickyGroupName,
    presence: self,
    drain$,
    onSubscribed: () => isSubscribed$.next(),
  })
  const completed = lastValueFrom(
    requests$.pipe(
      serve(({ value }) => {
        onRequest(value)
        return of(clientId).pipe(delay(handlerTime))
      }),
    ),
    { defaultValue: undefined },
  )
  // A measure that has ended closes the link; an error before that shows as a missing response.
  completed.catch(() => undefined)
  await firstValueFrom(isSubscribed$.pipe(timeout(maxWait)))
  return {
    link,
    drain: async () => {
      drain$.next()
      await completed
    },
  }
}
