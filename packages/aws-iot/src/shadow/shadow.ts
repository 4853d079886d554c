import { exchange$, type Link } from '@antiphon/core'
import { defer, firstValueFrom, type Observable } from 'rxjs'
import { notifications$, type NotificationOptions } from '../service/notifications.js'
import type { CallOptions } from '../service/operation.js'
import {
  changeCodec,
  deltaCodec,
  type RemovedShadow,
  type ShadowChange,
  type ShadowDelta,
  type ShadowDocument,
  type ShadowUpdate,
} from './documents.js'
import { classicShadow, namedShadow, type ShadowEndpoints } from './endpoints.js'

/** Which shadow. */
export interface ShadowName {
  /** The name of the thing. */
  readonly thing: string
  /** The name of the shadow. @defaultValue the classic shadow, which has no name */
  readonly shadow?: string | undefined
}

/** Options of a request about a shadow. */
export interface ShadowOptions extends ShadowName, CallOptions {}

/** Options of a stream of notifications about a shadow. */
export interface ShadowNotificationOptions extends ShadowName, NotificationOptions {}

/**
 * Gets a shadow when it is subscribed to.
 *
 * - *next*: the shadow, with the `delta` between its sections.
 * - *error*: `status` with `status.code` 404 if there is no such shadow; `timeout`.
 *
 * @example
 * ```ts
 * getShadow$(link, { thing: 'lamp', shadow: 'config' }).subscribe(({ state }) => console.log(state.desired))
 * ```
 */
export function getShadow$(link: Link, options: ShadowOptions): Observable<ShadowDocument> {
  return call$(link, 'get', {}, options)
}

/**
 * Updates a shadow, or creates it, when it is subscribed to.
 *
 * - *next*: the accepted changes, and the version that they have made.
 * - *error*: `status` with `status.code` 409 if `version` is not that of the shadow, 413 if the shadow would exceed 8 KB,
 *   or 400; `timeout`, after which the update may have been made.
 */
export function updateShadow$(
  link: Link,
  { version, ...state }: ShadowUpdate,
  options: ShadowOptions,
): Observable<ShadowDocument> {
  return call$(link, 'update', { state, ...(version !== undefined && { version }) }, options)
}

/** Removes a shadow when it is subscribed to; fails with the status 404 if there is no such shadow. */
export function deleteShadow$(link: Link, options: ShadowOptions): Observable<RemovedShadow> {
  return call$(link, 'delete', {}, options)
}

/** Gets a shadow once; like `getShadow$`. */
export function getShadow(link: Link, options: ShadowOptions): Promise<ShadowDocument> {
  return firstValueFrom(getShadow$(link, options))
}

/** Updates a shadow once; like `updateShadow$`. */
export function updateShadow(
  link: Link,
  update: ShadowUpdate,
  options: ShadowOptions,
): Promise<ShadowDocument> {
  return firstValueFrom(updateShadow$(link, update, options))
}

/** Removes a shadow once; like `deleteShadow$`. */
export function deleteShadow(link: Link, options: ShadowOptions): Promise<RemovedShadow> {
  return firstValueFrom(deleteShadow$(link, options))
}

/**
 * Emits what differs between the sections of a shadow, after each update that leaves a difference. Deltas that are not newer
 * than the latest one are ignored. The service keeps none for a device that is offline: request the shadow as well.
 */
export function delta$(link: Link, options: ShadowNotificationOptions): Observable<ShadowDelta> {
  return defer(() => notifications$(link, topicOf(options, 'delta'), deltaCodec, options, newerThanBefore()))
}

/** Emits a shadow before and after each update. Changes that are not newer than the latest one are ignored. */
export function documents$(link: Link, options: ShadowNotificationOptions): Observable<ShadowChange> {
  return defer(() => {
    const isNewer = newerThanBefore()
    return notifications$(
      link,
      topicOf(options, 'documents'),
      changeCodec,
      options,
      ({ current, timestamp }) => isNewer({ version: current.version, timestamp: timestamp ?? 0 }),
    )
  })
}

function call$<Response>(
  link: Link,
  operation: keyof ShadowEndpoints<string>,
  value: object,
  { thing, shadow, ...options }: ShadowOptions,
): Observable<Response> {
  const { endpoints, params } = targetOf({ thing, shadow })
  return defer(
    () => exchange$(link, endpoints[operation] as never, { params, value }, options) as Observable<Response>,
  )
}

function topicOf(name: ShadowName, kind: string): string {
  const { endpoints, params } = targetOf(name)
  return `${endpoints.update.topic.format(params)}/${kind}`
}

function targetOf({ thing, shadow }: ShadowName): {
  readonly endpoints: ShadowEndpoints<string>
  readonly params: Readonly<Record<string, string>>
} {
  return shadow === undefined
    ? { endpoints: classicShadow, params: { thing } }
    : { endpoints: namedShadow, params: { thing, shadow } }
}

/**
 * Returns whether a document is newer than all before. The versions of a shadow start again 48 hours after it was removed,
 * so a later time counts as well.
 */
function newerThanBefore(): (document: Pick<ShadowDocument, 'version' | 'timestamp'>) => boolean {
  let latest = { version: 0, timestamp: 0 }
  return ({ version, timestamp = 0 }) => {
    if (version <= latest.version && timestamp <= latest.timestamp) return false
    latest = { version, timestamp }
    return true
  }
}
