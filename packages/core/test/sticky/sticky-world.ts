import { endpoint, request$, serve, text, type Link, type ServeRecord } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import type { Presence } from '@antiphon/core/presence'
import { stickyRequests$, type StickyRequestsOptions } from '@antiphon/core/sticky-groups'
import type { VirtualClientOptions } from '@antiphon/testing'
import { delay, of, Subject, type ObservableInput } from 'rxjs'
import { observe, type Observed } from '../observed.js'
import { announce } from '../presence/members-world.js'
import type { World } from '../world.js'

export const balance = endpoint({ topic: 'accounts/{account}/balance', request: text, response: text })

export type BalanceTypes = NonNullable<(typeof balance)['types']>

/** A member of the group `workers`. */
export interface StickyMember {
  readonly self: Presence
  readonly link: Link
  /** The keys of the requests that it has handled. */
  readonly handled: readonly string[]
  readonly records: Observed<ServeRecord<BalanceTypes>>
  readonly drain: () => void
}

/** How a member is started. */
export interface StickyMemberOptions {
  readonly requests?: Partial<StickyRequestsOptions<BalanceTypes>>
  readonly client?: VirtualClientOptions & LinkOptions
  readonly handler?: (account: string) => ObservableInput<string>
}

/** Starts a member, which responds with its client id after 20 ms. */
export function startMember(world: World, clientId: string, options: StickyMemberOptions = {}): StickyMember {
  const { handler = () => of(clientId).pipe(delay(20)) } = options
  const drain$ = new Subject<void>()
  const handled: string[] = []
  const { self, link } = announce(world, clientId, {}, options.client)
  const records = observe(
    world,
    stickyRequests$(link, balance, { group: 'workers', presence: self, drain$, ...options.requests }).pipe(
      serve(
        ({ params }) => {
          handled.push(params.account)
          return handler(params.account)
        },
        { concurrency: 1_000 },
      ),
    ),
  )
  return { self, link, handled, records, drain: () => drain$.next() }
}

/** Names of accounts. */
export function accounts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `account-${index}`)
}

/** Sends a request for each account and returns the responses by account. */
export function requestAll(world: World, link: Link, names: readonly string[]): ReadonlyMap<string, string> {
  const responses = new Map<string, string>()
  for (const account of names)
    of({ params: { account }, value: '' })
      .pipe(request$(link, balance))
      .subscribe((response) => responses.set(account, response))
  world.advance(200)
  return responses
}
