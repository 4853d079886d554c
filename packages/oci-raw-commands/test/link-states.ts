import type { Link, LinkState } from '@antiphon/core'
import { filter, firstValueFrom } from 'rxjs'

type StateOf<Status> = Extract<LinkState, { status: Status }>

/** The link's state as soon as it has this status. */
export function firstWhere<Status extends LinkState['status']>(
  link: Link,
  status: Status,
): Promise<StateOf<Status>> {
  return firstValueFrom(
    link.state$.pipe(filter((state): state is StateOf<Status> => state.status === status)),
  )
}

/** The link's grant as soon as it is online. */
export function online(link: Link): Promise<StateOf<'online'>> {
  return firstWhere(link, 'online')
}
