import type { Link } from '@antiphon/core'
import { health, type HealthOptions, type HealthReport } from '@antiphon/core/operations'

/** The result of a check, as `@nestjs/terminus` reads it. */
export type LinkHealth<Key extends string> = Record<
  Key,
  { readonly status: 'up' | 'down' } & Omit<HealthReport, 'status'> & {
      readonly link: HealthReport['status']
    }
>

/**
 * Reports the health of the link to Terminus. `AntiphonModule` provides it.
 *
 * @example
 * ```ts
 * health.check([() => antiphon.isReady('broker')])
 * ```
 */
export class AntiphonHealthIndicator {
  readonly #report: () => HealthReport

  /** Opens the link and follows its state. */
  constructor(link: Link, options?: HealthOptions) {
    this.#report = health(link, options)
  }

  /** Returns `up` while the process should go on: the link has not ended with an error nor been offline for too long. */
  isLive<const Key extends string>(key: Key): LinkHealth<Key> {
    return this.#check(key, 'isLive')
  }

  /** Returns `up` while the process should get work: the link is online and has room. */
  isReady<const Key extends string>(key: Key): LinkHealth<Key> {
    return this.#check(key, 'isReady')
  }

  #check<Key extends string>(key: Key, property: 'isLive' | 'isReady'): LinkHealth<Key> {
    const { status: link, ...report } = this.#report()
    return { [key]: { ...report, link, status: report[property] ? 'up' : 'down' } } as LinkHealth<Key>
  }
}
