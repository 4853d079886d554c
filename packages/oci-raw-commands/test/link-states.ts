import type { Link, LinkState } from '@antiphon/core'
import { filter, firstValueFrom } from 'rxjs'

type StateOf<Status> = Extract<LinkState, { status: Status }>

/** Resolves with the first state of a link that has the status. */
export function firstWhere<Status extends LinkState['status']>(
  link: Link,
  status: Status,
): Promise<StateOf<Status>> {
  return firstValueFrom(
    link.state$.pipe(filter((state): state is StateOf<Status> => state.status === status)),
  )
}

/** Resolves with the first `online` state of a link. */
export function online(link: Link): Promise<StateOf<'online'>> {
  return firstWhere(link, 'online')
}
